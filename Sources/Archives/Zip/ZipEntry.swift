/// A member of a zip archive, as the central directory describes it and the local header confirms it.
public struct ZipEntry: Sendable, Equatable {
  public enum Method: Sendable, Equatable {
    case stored
    case deflated
  }

  public var name: String
  public var method: Method
  public var compressedByteCount: Int
  public var byteCount: Int
  public var crc32: UInt32
  /// Where the stored or compressed data lie in the file.
  public var dataRange: Range<Int>

  public var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }
}
