package import Archives
internal import TensorTypes

extension CheckpointTensor {
  /// Gives as many values as the tensor has, in C order.
  package typealias Computation = @Sendable () throws(ReadError) -> [Float]

  /// A tensor that the file holds in another form, as others.
  ///
  /// - Precondition: `shape` has as many elements as `compute` gives.
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

/// Numbers that no file holds.
private struct ComputedNumbers: ByteSource {
  private let slice: FileSlice

  init(_ numbers: [Float], path: String) {
    let bits = numbers.map(\.bitPattern.littleEndian)
    let bytes = MappedFile(copying: bits.span.bytes, path: path)
    slice = FileSlice(file: bytes, range: 0..<bytes.byteCount)
  }

  var byteCount: Int { slice.byteCount }

  /// They are kept.
  var computedByteCount: Int { 0 }

  func load() -> FileSlice { slice }

  func release() {}
}

extension CheckpointTensor {
  /// A tensor all of whose elements are one number that follows from what a file says.
  init(computed number: Float, shape: [Int], name: String, file: String) throws(ReadError) {
    try self.init(
      name: name, dtype: .f32, shape: shape, strides: shape.map { _ in 0 }, storageOffset: 0,
      storage: ComputedNumbers([number], path: file), file: file)
  }

  /// The same for a number for each element, in row-major order.
  init(computed numbers: [Float], shape: [Int], name: String, file: String) throws(ReadError) {
    guard let strides = StridedLayout.rowMajorStrides(of: shape) else {
      throw ReadError(.numberOverflow, found: "shape \(shape)")
    }
    try self.init(
      name: name, dtype: .f32, shape: shape, strides: strides, storageOffset: 0,
      storage: ComputedNumbers(numbers, path: file), file: file)
  }
}
