internal import Archives

/// Reads a `tokenizer.json` from front to back, so that half a million merges need no tree of values. Texts are bytes:
/// two pieces may differ only in how an accent is composed, which `String` would not tell apart.
struct JSONReader {
  private let file: MappedFile
  private(set) var position = 0
  private let end: Int

  init(_ file: MappedFile) {
    self.file = file
    end = file.byteCount
  }

  /// The byte at the position, after white space; nil at the end.
  mutating func peek() -> UInt8? {
    while position < end {
      let byte = byte(position)
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    return nil
  }

  /// Whether the byte is next; then it is taken.
  mutating func take(_ byte: Character) -> Bool {
    guard peek() == byte.asciiValue else { return false }
    position += 1
    return true
  }

  mutating func expect(_ byte: Character) throws(TokenizerFileError) {
    guard take(byte) else { throw error(expected: "\(byte)") }
  }

  /// The key of the next member of an object; nil at its end, which is taken. `isFirst` becomes false.
  mutating func key(_ isFirst: inout Bool) throws(TokenizerFileError) -> [UInt8]? {
    if take("}") { return nil }
    if !isFirst { try expect(",") }
    isFirst = false
    let key = try text()
    try expect(":")
    return key
  }

  /// Whether an array has another element; its end is taken. `isFirst` becomes false.
  mutating func hasElement(_ isFirst: inout Bool) throws(TokenizerFileError) -> Bool {
    if take("]") { return false }
    if !isFirst { try expect(",") }
    isFirst = false
    return true
  }

  /// The UTF-8 of a text.
  mutating func text() throws(TokenizerFileError) -> [UInt8] {
    let start = position
    try expect("\"")
    var text: [UInt8] = []
    while position < end {
      let byte = byte(position)
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard String(validating: text, as: UTF8.self) != nil else {
          throw TokenizerFileError(.malformed, at: start, expected: "UTF-8", found: "other bytes in a text")
        }
        return text
      case UInt8(ascii: "\\"): try readEscape(into: &text)
      case 0..<0x20: throw error(expected: "control characters to be escaped")
      default: text.append(byte)
      }
    }
    throw error(expected: "a closing quote")
  }

  private mutating func readEscape(into text: inout [UInt8]) throws(TokenizerFileError) {
    guard position < end else { throw error(expected: "an escape") }
    let byte = byte(position)
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = try hexadecimal()
      if (0xD800..<0xDC00).contains(value), position + 1 < end, self.byte(position) == UInt8(ascii: "\\"),
        self.byte(position + 1) == UInt8(ascii: "u")
      {
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else {
          throw error(expected: "the other half of a surrogate pair")
        }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw error(expected: "a complete surrogate pair") }
      text += Array(String(Character(scalar)).utf8)
    default: throw error(expected: "one of \"\\/bfnrtu")
    }
  }

  private mutating func hexadecimal() throws(TokenizerFileError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < end, let digit = Character(Unicode.Scalar(byte(position))).hexDigitValue,
        byte(position) < 0x80
      else { throw error(expected: "four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  /// A number, as tokenizers reads it.
  mutating func number() throws(TokenizerFileError) -> Double {
    let range = try skipped()
    guard range.count <= 64, try value(range).doubleValue != nil else {
      throw TokenizerFileError(.malformed, at: range.lowerBound, expected: "a number")
    }
    let text = file.bytes.extracting(range).withUnsafeBytes { [UInt8]($0) }
    guard let number = ScoreText.value(text) else {
      throw TokenizerFileError(.malformed, at: range.lowerBound, expected: "a number of 64 bits")
    }
    return number
  }

  /// A value of any kind, as a range of the file.
  mutating func skipped() throws(TokenizerFileError) -> Range<Int> {
    guard peek() != nil else { throw error(expected: "a value") }
    let start = position
    var depth = 0
    repeat {
      switch peek() {
      case UInt8(ascii: "\""): _ = try text()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        position += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { throw error(expected: "a value") }
        position += 1
      case nil: throw error(expected: "the end of a value")
      default: skipWord()
      }
      guard (0...64).contains(depth) else { throw error(expected: "at most 64 levels") }
    } while depth > 0
    return start..<position
  }

  private mutating func skipWord() {
    position += 1
    while position < end, !Array(",:]}[{\" \n\r\t".utf8).contains(byte(position)) { position += 1 }
  }

  /// The value in a range that `skipped` returned, checked by the strict parser.
  func value(_ range: Range<Int>) throws(TokenizerFileError) -> JSONValue {
    do throws(ReadError) {
      return try JSONParser.parse(
        file.bytes.extracting(range), baseOffset: UInt64(range.lowerBound), limits: .ownTexts)
    } catch {
      throw TokenizerFileError(error)
    }
  }

  func error(expected: String) -> TokenizerFileError {
    TokenizerFileError(
      .malformed, at: position, expected: expected, found: position < end ? "other JSON" : "the file's end")
  }

  private func byte(_ position: Int) -> UInt8 {
    file.bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
  }
}
