internal import Bytes

/// A token of a MessagePack document. Containers only state the number of their items, so that nesting needs no
/// recursion. Ranges are absolute in the file.
public enum MessagePackToken: Sendable, Equatable {
  case map(pairs: Int)
  case array(count: Int)
  case text(Range<Int>)
  case binary(Range<Int>)
  case extended(type: Int8, Range<Int>)
  case integer(Int)
  /// A floating-point number, or an integer beyond 63 bits.
  case number
  case bool(Bool)
  case null
}

/// Reads MessagePack token by token. Every length and count is compared with the bytes that remain.
public struct MessagePackLexer: ~Escapable {
  private var cursor: ByteCursor

  /// A lexer at the first of `bytes`, which begin at `baseOffset` of their file.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, baseOffset: Int = 0) {
    cursor = ByteCursor(bytes, baseOffset: UInt64(baseOffset))
  }

  /// Offset of the next token.
  public var offset: UInt64 { cursor.absoluteOffset }
  public var isAtEnd: Bool { cursor.isAtEnd }
  public var remaining: Int { cursor.remaining }

  /// - Throws: `messagePackSyntax` for the one undefined byte, `truncatedFile`.
  @_lifetime(self: copy self)
  public mutating func next() throws(ReadError) -> MessagePackToken {
    let start = offset
    do throws(ByteFault) {
      if let token = try token(after: try cursor.readUInt8()) { return token }
    } catch {
      throw ReadError(
        .truncatedFile, at: error.byteOffset, expected: "\(error.needed) more bytes",
        found: "\(error.available)")
    }
    throw ReadError(.messagePackSyntax, at: start, expected: "the first byte of a value", found: "0xc1")
  }

  /// The text of a token.
  ///
  /// - Throws: `messagePackInvalidText`.
  public func text(_ range: Range<Int>) throws(ReadError) -> String {
    let start = range.lowerBound - Int(cursor.baseOffset)
    let bytes = cursor.bytes.extracting(start..<start + range.count)
    guard let text = bytes.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw ReadError(.messagePackInvalidText, at: UInt64(range.lowerBound))
    }
    return text
  }

  /// The first byte states the kind, and for small values the value or length. Nil for the undefined byte.
  @_lifetime(self: copy self)
  private mutating func token(after first: UInt8) throws(ByteFault) -> MessagePackToken? {
    switch first {
    case 0x00...0x7F: .integer(Int(first))
    case 0x80...0x8F: try map(Int(first & 0x0F))
    case 0x90...0x9F: try array(Int(first & 0x0F))
    case 0xA0...0xBF: .text(try take(Int(first & 0x1F)))
    case 0xC0: .null
    case 0xC1: nil
    case 0xC2, 0xC3: .bool(first == 0xC3)
    case 0xC4...0xC6: .binary(try take(try unsigned(widthPower: first - 0xC4)))
    case 0xC7...0xC9: try extended(try unsigned(widthPower: first - 0xC7))
    case 0xCA, 0xCB: try skip(first == 0xCA ? 4 : 8, as: .number)
    case 0xCC...0xCE: .integer(try unsigned(widthPower: first - 0xCC))
    case 0xCF, 0xD3: try wideInteger(isSigned: first == 0xD3)
    case 0xD0: .integer(Int(Int8(truncatingIfNeeded: try unsigned(widthPower: 0))))
    case 0xD1: .integer(Int(Int16(truncatingIfNeeded: try unsigned(widthPower: 1))))
    case 0xD2: .integer(Int(Int32(truncatingIfNeeded: try unsigned(widthPower: 2))))
    case 0xD4...0xD8: try extended(1 << Int(first - 0xD4))
    case 0xD9...0xDB: .text(try take(try unsigned(widthPower: first - 0xD9)))
    case 0xDC, 0xDD: try array(try unsigned(widthPower: first - 0xDC + 1))
    case 0xDE, 0xDF: try map(try unsigned(widthPower: first - 0xDE + 1))
    default: .integer(Int(Int8(bitPattern: first)))
    }
  }

  /// A big-endian number of 1, 2 or 4 bytes.
  @_lifetime(self: copy self)
  private mutating func unsigned(widthPower: UInt8) throws(ByteFault) -> Int {
    switch widthPower {
    case 0: Int(try cursor.readUInt8())
    case 1: Int(try cursor.readUInt16().byteSwapped)
    default: Int(try cursor.readUInt32().byteSwapped)
    }
  }

  @_lifetime(self: copy self)
  private mutating func wideInteger(isSigned: Bool) throws(ByteFault) -> MessagePackToken {
    let bits = try cursor.readUInt64().byteSwapped
    if isSigned { return .integer(Int(Int64(bitPattern: bits))) }
    return Int(exactly: bits).map { .integer($0) } ?? .number
  }

  /// A pair needs at least two bytes.
  @_lifetime(self: copy self)
  private mutating func map(_ pairs: Int) throws(ByteFault) -> MessagePackToken {
    try require(2 * pairs)
    return .map(pairs: pairs)
  }

  @_lifetime(self: copy self)
  private mutating func array(_ count: Int) throws(ByteFault) -> MessagePackToken {
    try require(count)
    return .array(count: count)
  }

  @_lifetime(self: copy self)
  private mutating func extended(_ count: Int) throws(ByteFault) -> MessagePackToken {
    let type = Int8(bitPattern: try cursor.readUInt8())
    return .extended(type: type, try take(count))
  }

  @_lifetime(self: copy self)
  private mutating func skip(_ count: Int, as token: MessagePackToken) throws(ByteFault) -> MessagePackToken {
    try cursor.skip(count)
    return token
  }

  @_lifetime(self: copy self)
  private mutating func take(_ count: Int) throws(ByteFault) -> Range<Int> {
    let start = Int(cursor.absoluteOffset)
    try cursor.skip(count)
    return start..<start + count
  }

  private func require(_ count: Int) throws(ByteFault) {
    guard count <= cursor.remaining else {
      throw ByteFault(
        .endOfData, at: cursor.absoluteOffset, needed: UInt64(count), available: UInt64(cursor.remaining))
    }
  }
}
