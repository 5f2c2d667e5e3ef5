internal import Archives

/// Many small files in one.
struct Pack {
  let files: [FileSlice]

  /// - Throws: `truncatedFile` if a length exceeds the file.
  init(path: String) throws(ReadError) {
    let file = try MappedFile(path: path)
    var files: [FileSlice] = []
    var position = 0
    while position < file.byteCount {
      guard file.byteCount - position >= 4 else { throw ReadError(.truncatedFile, file: path) }
      let length = Int(
        UInt32(littleEndian: file.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self)))
      position += 4
      guard length <= file.byteCount - position else { throw ReadError(.truncatedFile, file: path) }
      files.append(FileSlice(file: file, range: position..<position + length))
      position += length
    }
    self.files = files
  }
}
