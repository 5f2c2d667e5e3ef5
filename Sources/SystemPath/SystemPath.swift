#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// Paths are text in PocketCLIP and bytes in the system: on Linux any bytes except zero. Each byte that is not part
/// of valid UTF-8 becomes one scalar of a private range, so that a path converts to text, including JSON, and back
/// without loss.
///
/// If a name contains a scalar of this range, its text has four such scalars, one for each of its bytes.
public enum SystemPath {
  /// U+10FE80 to U+10FEFF; byte 0x80 is the first.
  private static let escapes: ClosedRange<UInt32> = 0x10FE80...0x10FEFF

  /// The byte that a scalar represents.
  public static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    escapes.contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : nil
  }

  /// Whether a text contains bytes that are not UTF-8.
  public static func isEscaped(_ text: String) -> Bool {
    // The first byte of all escapes, which most text does not contain.
    text.utf8.contains(0xF4) && text.unicodeScalars.contains { byte(of: $0) != nil }
  }

  /// The text of a name from the system.
  public static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !isEscaped(text) { return text }
    var text = String.UnicodeScalarView()
    var rest = bytes[...]
    while let first = rest.first {
      if let (scalar, length) = validScalar(rest), byte(of: scalar) == nil {
        text.append(scalar)
        rest = rest.dropFirst(length)
      } else {
        text.append(first < 0x80 ? Unicode.Scalar(first) : escape(first))
        rest = rest.dropFirst()
      }
    }
    return String(text)
  }

  private static func escape(_ byte: UInt8) -> Unicode.Scalar {
    Unicode.Scalar(escapes.lowerBound - 0x80 + UInt32(byte)) ?? "\u{FFFD}"
  }

  /// The scalar at the beginning, and its bytes.
  private static func validScalar(_ bytes: some Collection<UInt8>) -> (Unicode.Scalar, Int)? {
    for length in 1...4 {
      let text = String(validating: bytes.prefix(length), as: UTF8.self)
      if let scalar = text?.unicodeScalars.first { return (scalar, length) }
    }
    return nil
  }

  /// The text of a name that ends with zero.
  public static func text(_ name: UnsafePointer<CChar>) -> String {
    let count = strlen(name)
    return name.withMemoryRebound(to: UInt8.self, capacity: count) {
      text(UnsafeBufferPointer(start: $0, count: count))
    }
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`; nil, with `errno`, if it cannot be read.
  ///
  /// - Parameter limit: reading stops after one name more than this.
  public static func names(in folder: String, limit: Int = .max) -> [String]? {
    guard let stream = folder.withSystemPath({ opendir($0) }) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count <= limit, let entry = readdir(stream) {
      // The C declaration gives the name no fixed length; readdir only guarantees its address within the record.
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        text(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension String {
  /// Calls `body` with the path's bytes in the system's form.
  public func withSystemPath<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    guard SystemPath.isEscaped(self) else { return withCString(body) }
    var bytes: [UInt8] = []
    for scalar in unicodeScalars {
      if let byte = SystemPath.byte(of: scalar) {
        bytes.append(byte)
      } else {
        bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    return (bytes + [0]).withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map(body) ?? withCString(body) }
    }
  }
}
