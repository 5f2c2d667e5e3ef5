package import Archives

extension CheckpointTensor {
  /// The array of an npy file, in any order of axes and bytes.
  ///
  /// - Throws: any `npy…` code, `truncatedFile`, `unsupportedDType`, `numberOverflow` or `limitExceeded`.
  package init(npy file: MappedFile, name: String, limits: Limits = .standard) throws(ReadError) {
    let start = file.bytes.extracting(first: min(file.byteCount, NPYHeader.maximumByteCount))
    let header = try NPYHeader(start, byteCount: file.byteCount, baseOffset: 0, limits: limits)
    try self.init(
      name: name, dtype: header.dtype, shape: header.shape, strides: try header.strides(), storageOffset: 0,
      isBigEndian: header.isBigEndian,
      storage: FileSlice(file: file, range: header.dataOffset..<file.byteCount),
      file: file.path)
  }
}
