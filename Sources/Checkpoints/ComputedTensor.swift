package import Archives
internal import Synchronization
internal import TensorTypes

/// Values that are computed from other tensors when first loaded, and kept until released.
private final class ComputedValues: ByteSource {
  private let elementCount: Int
  private let path: String
  private let compute: CheckpointTensor.Computation
  private let values = Mutex<MappedFile?>(nil)

  init(elementCount: Int, path: String, compute: @escaping CheckpointTensor.Computation) {
    self.elementCount = elementCount
    self.path = path
    self.compute = compute
  }

  var byteCount: Int { elementCount * MemoryLayout<Float>.size }

  func load() throws(ReadError) -> FileSlice {
    let content = try values.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let numbers = try compute()
      let content = try MappedFile(byteCount: byteCount, path: path) { output in
        numbers.withUnsafeBytes {
          output.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(output.count)))
        }
      }
      cached = content
      return content
    }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  func release() { values.withLock { $0 = nil } }
}

extension CheckpointTensor {
  /// Gives as many values as the tensor has, in C order.
  package typealias Computation = @Sendable () throws(ReadError) -> [Float]

  /// A tensor that the file holds in another form.
  ///
  /// - Precondition: `shape` has as many elements as `compute` gives.
  /// - Throws: `numberOverflow` or `limitExceeded`.
  package init(
    computing name: String, shape: [Int], file: String, _ compute: @escaping Computation
  ) throws(ReadError) {
    guard let strides = StridedLayout.rowMajorStrides(of: shape),
      let count = TensorTypes.elementCount(of: shape)
    else { throw ReadError(.numberOverflow, found: "shape \(shape)", path: [.tensor(name)]) }
    try self.init(
      name: name, dtype: .f32, shape: shape, strides: strides, storageOffset: 0,
      storage: ComputedValues(elementCount: count, path: file, compute: compute), file: file)
  }
}
