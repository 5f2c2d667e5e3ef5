public import Archives
internal import CKernels

/// A file that a checkpoint consists of.
public struct SourceFile: Sendable {
  /// As reached from the path the user gave.
  public var path: String
  public var byteCount: Int

  package init(path: String, byteCount: Int) {
    self.path = path
    self.byteCount = byteCount
  }

  /// The name without its folder.
  public var name: String { Folder.lastComponent(of: path) }

  /// Bytes hashed between giving pages back.
  private static let hashedAtOnce = 8 << 20

  /// The 32 bytes of the file's SHA-256. Streams: memory stays at a few megabytes.
  ///
  /// - Throws: what opening the file throws.
  public func sha256() throws(ReadError) -> [UInt8] {
    let file = try MappedFile(path: path)
    var context = pk_sha256()
    pk_sha256_init(&context)
    var start = 0
    while start < file.byteCount {
      let end = min(start + Self.hashedAtOnce, file.byteCount)
      let bytes = file.bytes
      bytes.extracting(start..<end).withUnsafeBytes { pk_sha256_update(&context, $0.baseAddress, $0.count) }
      file.release(start..<end)
      start = end
    }
    var digest = [UInt8](repeating: 0, count: 32)
    pk_sha256_final(&context, &digest)
    return digest
  }
}
