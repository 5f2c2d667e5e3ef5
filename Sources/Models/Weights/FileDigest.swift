internal import Archives
internal import BundleFormat
public import Checkpoints
public import Progress

extension SourceFile {
  /// 64 hex digits of all of its bytes.
  ///
  /// - Parameter progress: counts the bytes.
  public func sha256(_ progress: WorkProgress) throws(ModelError) -> String {
    String(decoding: try FileDigest.digest(of: [path], progress: progress).hex, as: UTF8.self)
  }
}

/// SHA-256 of complete files.
enum FileDigest {
  /// 64 hex digits of the SHA-256 of the concatenated files.
  static func hex(of paths: [String]) throws(ModelError) -> String {
    String(decoding: try digest(of: paths).hex, as: UTF8.self)
  }

  static func digest(of paths: [String], progress: WorkProgress = .unwatched) throws(ModelError) -> Digest {
    var stream = DigestStream()
    for path in paths {
      do throws(ReadError) {
        try append(MappedFile(path: path), to: &stream, progress)
      } catch {
        throw ModelError(error.inFile(path))
      }
    }
    return stream.finish()
  }

  /// Hashes in pieces and releases their pages, so that memory does not depend on the file's size.
  private static func append(_ file: MappedFile, to stream: inout DigestStream, _ progress: WorkProgress) {
    var position = 0
    while position < file.byteCount {
      let piece = position..<min(position + pieceByteCount, file.byteCount)
      stream.update(file.bytes.extracting(piece))
      file.release(piece)
      progress.add(piece.count)
      position = piece.upperBound
    }
  }

  private static let pieceByteCount = 16 << 20
}
