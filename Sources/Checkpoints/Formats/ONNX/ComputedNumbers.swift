internal import Archives
internal import TensorTypes

/// Numbers that no file holds.
private struct ComputedNumbers: ByteSource {
  private let slice: FileSlice

  init(_ numbers: [Float], path: String) {
    let bits = numbers.map(\.bitPattern.littleEndian)
    let bytes = MappedFile(copying: bits.span.bytes, path: path)
    slice = FileSlice(file: bytes, range: 0..<bytes.byteCount)
  }

  var byteCount: Int { slice.byteCount }

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
