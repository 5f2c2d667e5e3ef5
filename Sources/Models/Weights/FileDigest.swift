internal import Archives
internal import BundleFormat

/// SHA-256 of complete files.
enum FileDigest {
  /// 64 hex digits of the SHA-256 of the concatenated files.
  static func hex(of paths: [String]) throws(ModelError) -> String {
    String(decoding: try digest(of: paths).hex, as: UTF8.self)
  }

  static func digest(of paths: [String]) throws(ModelError) -> Digest {
    var stream = DigestStream()
    for path in paths {
      do throws(ReadError) {
        try append(MappedFile(path: path), to: &stream)
      } catch {
        throw ModelError(error.inFile(path))
      }
    }
    return stream.finish()
  }

  /// Hashes in pieces and releases their pages, so that memory does not depend on the file's size.
  private static func append(_ file: MappedFile, to stream: inout DigestStream) {
    var position = 0
    while position < file.byteCount {
      let piece = position..<min(position + pieceByteCount, file.byteCount)
      stream.update(file.bytes.extracting(piece))
      file.release(piece)
      position = piece.upperBound
    }
  }

  private static let pieceByteCount = 16 << 20
}
