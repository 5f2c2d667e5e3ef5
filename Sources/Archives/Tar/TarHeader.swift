/// One block of 512 bytes that describes a member. Source: POSIX.1-2001, "ustar Interchange Format".
package struct TarHeader {
  static let byteCount = 512
  package static let magic = Array("ustar".utf8)
  package static let magicOffset = 257

  /// The type flag. Only `plain` and `extended` are supported.
  package enum Kind: Equatable {
    case plain
    /// Records for the next member: names, sizes and times that do not fit the fixed fields.
    case extended
    case other(String)
  }

  var name: String
  var kind: Kind
  /// The size of the member after the header.
  var size: Int

  private static let nameField = 0..<100
  private static let sizeField = 124..<136
  private static let checksumField = 148..<156
  private static let kindOffset = 156
  private static let prefixField = 345..<500

  /// - Parameters:
  ///   - block: `byteCount` bytes, not all zero, that begin at `offset` of the file.
  /// - Throws: `tarChecksum`, `tarNumber` or `tarUnsafeName`.
  init(_ block: [UInt8], at offset: Int) throws(ReadError) {
    try Self.requireChecksum(block, at: offset)
    name = try Self.name(block, at: offset)
    kind = Kind(flag: block[Self.kindOffset])
    guard let size = Self.octal(block[Self.sizeField]) else {
      throw ReadError(
        .tarNumber, at: UInt64(offset + Self.sizeField.lowerBound), expected: "octal digits",
        path: [.archiveMember(name)])
    }
    self.size = size
  }

  /// The sum of all bytes, with the checksum field counted as spaces.
  private static func requireChecksum(_ block: [UInt8], at offset: Int) throws(ReadError) {
    var sum = 0
    for (index, byte) in block.enumerated() {
      sum += checksumField.contains(index) ? Int(UInt8(ascii: " ")) : Int(byte)
    }
    guard octal(block[checksumField]) == sum, block[magicOffset...].starts(with: magic) else {
      throw ReadError(.tarChecksum, at: UInt64(offset), expected: "a header with checksum \(sum)")
    }
  }

  private static func name(_ block: [UInt8], at offset: Int) throws(ReadError) -> String {
    let parts = [text(block[prefixField]), text(block[nameField])].filter { $0 != "" }
    guard let name = parts.reduce("", { prefix, part in joined(prefix, part) }) else {
      throw ReadError(.tarUnsafeName, at: UInt64(offset), expected: "UTF-8")
    }
    return name
  }

  private static func joined(_ prefix: String?, _ part: String?) -> String? {
    guard let prefix, let part else { return nil }
    return prefix.isEmpty ? part : prefix + "/" + part
  }

  /// Bytes up to the first zero; nil if they are not UTF-8.
  private static func text(_ field: ArraySlice<UInt8>) -> String? {
    String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Octal digits between spaces, up to a zero byte or the field's end. There are at most twelve, so they fit.
  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let space = UInt8(ascii: " ")
    let digits = field.prefix { $0 != 0 }.drop { $0 == space }
    let number = digits.prefix { $0 != space }
    guard !number.isEmpty, digits.dropFirst(number.count).allSatisfy({ $0 == space }) else { return nil }
    var value = 0
    for digit in number {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
      value = value << 3 | Int(digit & 7)
    }
    return value
  }
}

extension TarHeader.Kind {
  fileprivate init(flag: UInt8) {
    switch flag {
    case 0, UInt8(ascii: "0"): self = .plain
    case UInt8(ascii: "x"): self = .extended
    case UInt8(ascii: "1"): self = .other("a link")
    case UInt8(ascii: "2"): self = .other("a symbolic link")
    case UInt8(ascii: "3"), UInt8(ascii: "4"): self = .other("a device")
    case UInt8(ascii: "5"): self = .other("a folder")
    case UInt8(ascii: "6"): self = .other("a pipe")
    case UInt8(ascii: "g"): self = .other("a header for all members")
    case UInt8(ascii: "S"): self = .other("a sparse file")
    default: self = .other("kind \(flag)")
    }
  }
}
