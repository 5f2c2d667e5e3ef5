/// Records that replace fields of the next header: `LENGTH KEY=VALUE\n`. The length counts the complete record.
///
/// Python writes one for each member, because its times have fractions of seconds. Source: POSIX.1-2001, "pax
/// Extended Header".
struct TarExtendedHeader {
  private(set) var name: String?
  private(set) var size: Int?

  private static let longestLength = 10

  /// - Parameter offset: of `bytes` in the file.
  /// - Throws: `tarExtendedHeader`, or `tarMemberKind` for a sparse file.
  init(_ bytes: [UInt8], at offset: Int) throws(ReadError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let start = UInt64(offset + rest.startIndex)
      guard let record = Self.record(&rest) else {
        throw ReadError(.tarExtendedHeader, at: start, expected: "LENGTH KEY=VALUE and a line feed")
      }
      switch record.key {
      case "path": name = record.value
      case "size":
        guard let size = Int(record.value), size >= 0 else {
          throw ReadError(.tarExtendedHeader, at: start, expected: "a size", found: record.value)
        }
        self.size = size
      default:
        guard !record.key.hasPrefix("GNU.sparse.") else {
          throw ReadError(.tarMemberKind, at: start, expected: "a plain file", found: "a sparse file")
        }
      }
    }
  }

  /// Removes and returns the first record of `rest`.
  private static func record(_ rest: inout ArraySlice<UInt8>) -> (key: String, value: String)? {
    let digits = rest.prefix { $0 != UInt8(ascii: " ") }
    guard digits.count <= longestLength, digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let length = Int(String(decoding: digits, as: UTF8.self)), length <= rest.count,
      length > digits.count + 1
    else { return nil }
    let record = rest.prefix(length)
    rest = rest.dropFirst(length)
    guard record.last == UInt8(ascii: "\n"),
      let text = String(validating: record.dropFirst(digits.count + 1).dropLast(), as: UTF8.self),
      let equals = text.firstIndex(of: "=")
    else { return nil }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }
}
