internal import Archives
internal import Synchronization

/// Ranges of one file that follow one another in a tensor, copied together when loaded and kept until released.
final class ChunkedBytes: ByteSource {
  let byteCount: Int
  private let file: MappedFile
  private let pieces: [Range<Int>]
  private let joined = Mutex<MappedFile?>(nil)

  /// - Precondition: the ranges lie inside the file, and their lengths have a sum.
  init(_ pieces: [Range<Int>], of file: MappedFile) {
    self.file = file
    self.pieces = pieces
    self.byteCount = pieces.reduce(0) { $0 + $1.count }
  }

  func load() throws(ReadError) -> FileSlice {
    let content = try joined.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let content = try join()
      cached = content
      return content
    }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  func release() {
    joined.withLock { $0 = nil }
    for piece in pieces { file.release(piece) }
  }

  private func join() throws(ReadError) -> MappedFile {
    try MappedFile(byteCount: byteCount, path: file.path) { output throws(ReadError) in
      var written = 0
      for piece in pieces {
        let target = UnsafeMutableRawBufferPointer(rebasing: output[written..<written + piece.count])
        let source = FileSlice(file: file, range: piece)
        source.bytes.withUnsafeBytes { target.copyMemory(from: $0) }
        written += piece.count
      }
    }
  }
}
