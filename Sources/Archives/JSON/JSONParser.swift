internal import Bytes

/// A strict parser of RFC 8259: one value, UTF-8, no repeated keys, bounded depth, byte offsets in every error.
public struct JSONParser: ~Escapable {
  private var cursor: ByteCursor
  private let limits: Limits
  private var valueCount = 0

  /// Charged for a boxed value and its entry in an array, or for a member's key, value and index entry.
  private static let valueBytes = 64
  private static let memberBytes = 64
  /// Shorter texts are included in the charge for a value or a member.
  private static let longText = 64

  /// Parses all of `bytes`, which begin at `baseOffset` of their file.
  ///
  /// - Throws: `jsonSyntax`, `jsonInvalidText`, `jsonDuplicateKey`, `jsonTooDeep`, `limitExceeded` or
  ///   `budgetExceeded`.
  public static func parse(
    _ bytes: RawSpan, baseOffset: UInt64 = 0, limits: Limits
  ) throws(ReadError) -> JSONValue {
    guard bytes.byteCount <= limits.jsonBytes else {
      throw ReadError(
        .limitExceeded, expected: "at most \(limits.jsonBytes) bytes of JSON", found: "\(bytes.byteCount)")
    }
    var parser = JSONParser(
      cursor: ByteCursor(bytes, baseOffset: baseOffset),
      limits: limits.withBudget(forByteCount: bytes.byteCount))
    parser.skipWhitespace()
    let value = try parser.parseValue(depth: 0)
    parser.skipWhitespace()
    guard parser.cursor.isAtEnd else { throw parser.syntaxError(expected: "the end") }
    return value
  }

  @_lifetime(copy cursor)
  private init(cursor: consuming ByteCursor, limits: Limits) {
    self.cursor = cursor
    self.limits = limits
  }

  @_lifetime(self: copy self)
  private mutating func parseValue(depth: Int) throws(ReadError) -> JSONValue {
    guard depth < limits.jsonDepth else {
      throw ReadError(.jsonTooDeep, at: cursor.absoluteOffset, expected: "at most \(limits.jsonDepth) levels")
    }
    // A value needs many times the two bytes that it can have in the file.
    valueCount += 1
    try limits.charge(Self.valueBytes, for: "values of JSON", at: cursor.absoluteOffset)
    guard valueCount <= limits.jsonValues else {
      throw ReadError(
        .limitExceeded, at: cursor.absoluteOffset, expected: "at most \(limits.jsonValues) values")
    }
    switch cursor.peek() {
    case UInt8(ascii: "{"): return .object(try parseObject(depth: depth))
    case UInt8(ascii: "["): return .array(try parseArray(depth: depth))
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
    case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
    case UInt8(ascii: "n"): return try parseLiteral("null", .null)
    case let byte? where byte == UInt8(ascii: "-") || byte.isDigit: return try parseNumber()
    default: throw syntaxError(expected: "a value")
    }
  }

  @_lifetime(self: copy self)
  private mutating func parseObject(depth: Int) throws(ReadError) -> JSONObject {
    var object = JSONObject()
    advance()
    skipWhitespace()
    if take(UInt8(ascii: "}")) { return object }
    while true {
      let offset = cursor.absoluteOffset
      guard cursor.peek() == UInt8(ascii: "\"") else { throw syntaxError(expected: "a key in quotes") }
      let key = try parseString()
      skipWhitespace()
      guard take(UInt8(ascii: ":")) else { throw syntaxError(expected: ":") }
      skipWhitespace()
      let value = try parseValue(depth: depth + 1)
      try limits.charge(Self.memberBytes + key.utf8.count, for: "keys of JSON", at: offset)
      guard object.append(JSONObject.Member(key: key, value: value, byteOffset: offset)) else {
        throw ReadError(.jsonDuplicateKey, at: offset, found: key)
      }
      skipWhitespace()
      if take(UInt8(ascii: "}")) { return object }
      guard take(UInt8(ascii: ",")) else { throw syntaxError(expected: ", or }") }
      skipWhitespace()
    }
  }

  @_lifetime(self: copy self)
  private mutating func parseArray(depth: Int) throws(ReadError) -> [JSONValue] {
    var values: [JSONValue] = []
    advance()
    skipWhitespace()
    if take(UInt8(ascii: "]")) { return values }
    while true {
      values.append(try parseValue(depth: depth + 1))
      skipWhitespace()
      if take(UInt8(ascii: "]")) { return values }
      guard take(UInt8(ascii: ",")) else { throw syntaxError(expected: ", or ]") }
      skipWhitespace()
    }
  }

  @_lifetime(self: copy self)
  private mutating func parseLiteral(
    _ literal: StaticString, _ value: JSONValue
  ) throws(ReadError) -> JSONValue {
    guard cursor.starts(with: literal) else { throw syntaxError(expected: "a value") }
    for _ in 0..<literal.utf8CodeUnitCount { advance() }
    return value
  }
}

// MARK: Numbers

extension JSONParser {
  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  @_lifetime(self: copy self)
  private mutating func parseNumber() throws(ReadError) -> JSONValue {
    let offset = cursor.absoluteOffset
    var text: [UInt8] = []
    var isInteger = true
    if cursor.peek() == UInt8(ascii: "-") { text.append(takeByte()) }
    if cursor.peek() == UInt8(ascii: "0") {
      text.append(takeByte())
    } else {
      try takeDigits(into: &text)
    }
    if cursor.peek() == UInt8(ascii: ".") {
      isInteger = false
      text.append(takeByte())
      try takeDigits(into: &text)
    }
    if cursor.peek() == UInt8(ascii: "e") || cursor.peek() == UInt8(ascii: "E") {
      isInteger = false
      text.append(takeByte())
      if cursor.peek() == UInt8(ascii: "+") || cursor.peek() == UInt8(ascii: "-") { text.append(takeByte()) }
      try takeDigits(into: &text)
    }
    let digits = String(decoding: text, as: UTF8.self)
    // Negative zero is kept as a floating-point number; counts and extents are never written this way.
    if isInteger, digits != "-0", let integer = Int64(digits) { return .integer(integer) }
    guard let double = Double(digits), double.isFinite else {
      throw ReadError(.jsonSyntax, at: offset, expected: "a number within double's range", found: digits)
    }
    return .number(double)
  }

  @_lifetime(self: copy self)
  private mutating func takeDigits(into text: inout [UInt8]) throws(ReadError) {
    let before = text.count
    while let byte = cursor.peek(), byte.isDigit { text.append(takeByte()) }
    guard text.count > before else { throw syntaxError(expected: "a digit") }
  }
}

// MARK: Strings

extension JSONParser {
  @_lifetime(self: copy self)
  private mutating func parseString() throws(ReadError) -> String {
    let offset = cursor.absoluteOffset
    advance()
    var text: [UInt8] = []
    while let byte = cursor.peek() {
      switch byte {
      case UInt8(ascii: "\""):
        advance()
        guard let string = String(validating: text, as: UTF8.self) else {
          throw ReadError(.jsonInvalidText, at: offset)
        }
        try limits.requireFewMarks(string, at: offset)
        return string
      case UInt8(ascii: "\\"):
        advance()
        try parseEscape(into: &text)
      case 0..<0x20:
        throw syntaxError(expected: "control characters to be escaped")
      default:
        // A text needs its bytes twice, and the next power of two while it grows.
        if text.count >= Self.longText, text.count.nonzeroBitCount == 1 {
          try limits.charge(2 * text.count, for: "texts of JSON", at: offset)
        }
        text.append(takeByte())
      }
    }
    throw syntaxError(expected: "a closing quote")
  }

  @_lifetime(self: copy self)
  private mutating func parseEscape(into text: inout [UInt8]) throws(ReadError) {
    guard let escaped = cursor.peek() else { throw syntaxError(expected: "an escape") }
    let byte: UInt8
    switch escaped {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte = escaped
    case UInt8(ascii: "b"): byte = 0x08
    case UInt8(ascii: "f"): byte = 0x0C
    case UInt8(ascii: "n"): byte = 0x0A
    case UInt8(ascii: "r"): byte = 0x0D
    case UInt8(ascii: "t"): byte = 0x09
    case UInt8(ascii: "u"):
      advance()
      text.append(contentsOf: Array(String(Character(try parseUnicodeEscape())).utf8))
      return
    default: throw syntaxError(expected: "one of \"\\/bfnrtu")
    }
    advance()
    text.append(byte)
  }

  /// The four digits after `\u`, and the low surrogate of a pair.
  @_lifetime(self: copy self)
  private mutating func parseUnicodeEscape() throws(ReadError) -> Unicode.Scalar {
    let offset = cursor.absoluteOffset
    let first = try parseFourHexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first), cursor.starts(with: "\\u") else {
      throw ReadError(.jsonInvalidText, at: offset, found: "half of a surrogate pair")
    }
    advance()
    advance()
    let second = try parseFourHexDigits()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw ReadError(.jsonInvalidText, at: offset, found: "half of a surrogate pair") }
    return scalar
  }

  @_lifetime(self: copy self)
  private mutating func parseFourHexDigits() throws(ReadError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = cursor.peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
      else { throw syntaxError(expected: "four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      advance()
    }
    return value
  }
}

// MARK: Steps

extension JSONParser {
  @_lifetime(self: copy self)
  private mutating func skipWhitespace() {
    while let byte = cursor.peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { advance() }
  }

  /// Moves past a byte that `peek` returned.
  @_lifetime(self: copy self)
  private mutating func advance() {
    try? cursor.skip(1)
  }

  @_lifetime(self: copy self)
  private mutating func takeByte() -> UInt8 {
    (try? cursor.readUInt8()) ?? 0
  }

  @_lifetime(self: copy self)
  private mutating func take(_ byte: UInt8) -> Bool {
    guard cursor.peek() == byte else { return false }
    advance()
    return true
  }

  private func syntaxError(expected: String) -> ReadError {
    let found = cursor.peek().map { byte in
      (0x21..<0x7F).contains(byte) ? String(Unicode.Scalar(byte)) : "byte 0x" + String(byte, radix: 16)
    }
    return ReadError(.jsonSyntax, at: cursor.absoluteOffset, expected: expected, found: found ?? "the end")
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
