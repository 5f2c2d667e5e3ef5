internal import Archives
internal import TensorTypes

/// A number that no file holds.
private struct ComputedNumber: ByteSource {
  private let slice: FileSlice

  init(_ number: Float, path: String) {
    let bytes = withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes in
      MappedFile(copying: RawSpan(_unsafeBytes: bytes), path: path)
    }
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
      storage: ComputedNumber(number, path: file), file: file)
  }
}
