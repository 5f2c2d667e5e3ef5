import Archives

/// Escapes characters as `\uXXXX` that JSON allows unescaped, but that break lines, control a terminal or reorder text.
enum JSONEscapes {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Appends JSON text in which such characters are escaped. They occur only in strings: a character
  /// below U+0020 is already escaped there, and elsewhere it is a line break between tokens.
  static func append(_ json: String, to bytes: inout [UInt8]) {
    for scalar in json.unicodeScalars {
      if scalar.value < 0x20 || scalar.isPrintable {
        bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      } else {
        appendEscape(scalar, to: &bytes)
      }
    }
  }

  /// Appends a JSON string, with its quotes.
  static func appendString(_ text: String, to bytes: inout [UInt8]) {
    let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
    bytes.append(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": bytes += [backslash, UInt8(truncatingIfNeeded: scalar.value)]
      case _ where scalar.isPrintable: bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      default: appendEscape(scalar, to: &bytes)
      }
    }
    bytes.append(quote)
  }

  /// One escape for each UTF-16 unit: two beyond U+FFFF.
  private static func appendEscape(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
      bytes += "\\u".utf8
      for shift in stride(from: 12, through: 0, by: -4) {
        bytes.append(digits[Int(unit >> UInt16(shift) & 15)])
      }
    }
  }
}
