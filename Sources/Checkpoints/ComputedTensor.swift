package import Archives
internal import TensorTypes

extension CheckpointTensor {
  /// Returns the tensor's values in C order.
  package typealias Computation = @Sendable () throws(ReadError) -> [Float]

  /// A tensor that is computed from others.
  ///
  /// - Precondition: `compute` returns as many elements as `shape` has.
  /// - Throws: `numberOverflow` or `limitExceeded`.
  package init(
    computing name: String, shape: [Int], from parts: [CheckpointTensor], _ compute: @escaping Computation
  ) throws(ReadError) {
    guard let strides = StridedLayout.rowMajorStrides(of: shape),
      let count = TensorTypes.elementCount(of: shape)
    else { throw ReadError(.numberOverflow, found: "shape \(shape)", path: [.tensor(name)]) }
    let values = ComputedBytes(
      byteCount: count * MemoryLayout<Float>.size, from: parts.map { $0.storage }
    ) { output throws(ReadError) in
      try compute().withUnsafeBytes {
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(output.count)))
      }
    }
    try self.init(
      name: name, dtype: .f32, shape: shape, strides: strides, storageOffset: 0, storage: values,
      file: parts.first?.file ?? "")
  }
}

/// Numbers that are computed, not stored in a file.
private struct ComputedNumbers: ByteSource {
  private let slice: FileSlice

  init(_ numbers: [Float], path: String) {
    let bits = numbers.map(\.bitPattern.littleEndian)
    let bytes = MappedFile(copying: bits.span.bytes, path: path)
    slice = FileSlice(file: bytes, range: 0..<bytes.byteCount)
  }

  var byteCount: Int { slice.byteCount }

  /// The numbers are kept, so reading computes nothing.
  var computedByteCount: Int { 0 }

  func load() -> FileSlice { slice }

  func release() {}
}

extension CheckpointTensor {
  /// A tensor whose elements all equal one number that the file implies.
  init(computed number: Float, shape: [Int], name: String, file: String) throws(ReadError) {
    try self.init(
      name: name, dtype: .f32, shape: shape, strides: shape.map { _ in 0 }, storageOffset: 0,
      storage: ComputedNumbers([number], path: file), file: file)
  }

  /// A tensor from one number per element, in row-major order.
  init(computed numbers: [Float], shape: [Int], name: String, file: String) throws(ReadError) {
    guard let strides = StridedLayout.rowMajorStrides(of: shape) else {
      throw ReadError(.numberOverflow, found: "shape \(shape)")
    }
    try self.init(
      name: name, dtype: .f32, shape: shape, strides: strides, storageOffset: 0,
      storage: ComputedNumbers(numbers, path: file), file: file)
  }
}
