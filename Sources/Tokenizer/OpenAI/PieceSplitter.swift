internal import CTextTables

/// Splits cleaned, lower-cased text into the pieces that OpenAI's pattern matches, under the regex module's
/// IGNORECASE:
///
///     <|startoftext|> | <|endoftext|> | 's | 't | 're | 've | 'm | 'll | 'd | \p{L}+ | \p{N} | [^\s\p{L}\p{N}]+
///
/// In lower-cased text, IGNORECASE adds one character: U+017F (ſ) matches an s of the pattern.
struct PieceSplitter<Source: ScalarSource & ~Escapable>: ~Escapable {
  private var source: Source
  /// The scalar that the next piece starts with.
  private var current: TextScalar?

  @_lifetime(copy source)
  init(_ source: Source) {
    self.source = source
    self.current = self.source.next()
  }

  /// Writes the next piece's UTF-8 to `piece`; false at the end of the text.
  @_lifetime(self: copy self)
  mutating func next(into piece: inout Piece) -> Bool {
    piece.removeAll()
    while let scalar = current {
      switch ct_piece_class(scalar.value) {
      case .CT_SEPARATOR:
        current = source.next()
      case .CT_NUMBER:
        take(scalar, into: &piece)
        return true
      case .CT_LETTER:
        takeRun(of: .CT_LETTER, into: &piece)
        return true
      case .CT_OTHER:
        if !takeLiteral(startingWith: scalar, into: &piece) { takeRun(of: .CT_OTHER, into: &piece) }
        return true
      }
    }
    return false
  }

  @_lifetime(self: copy self)
  private mutating func take(_ scalar: TextScalar, into piece: inout Piece) {
    piece.append(scalar)
    current = source.next()
  }

  @_lifetime(self: copy self)
  private mutating func takeRun(of pieceClass: ct_class, into piece: inout Piece) {
    while let scalar = current, ct_piece_class(scalar.value) == pieceClass {
      guard piece.hasRoom else { return piece.cut(before: scalar) }
      take(scalar, into: &piece)
    }
  }

  @_lifetime(self: copy self)
  private mutating func takeLiteral(startingWith first: TextScalar, into piece: inout Piece) -> Bool {
    switch first.value {
    case 0x3C:
      take("<|startoftext|>", into: &piece) || take("<|endoftext|>", into: &piece)
    case 0x27:
      take("'s", into: &piece) || take("'t", into: &piece) || take("'re", into: &piece)
        || take("'ve", into: &piece) || take("'m", into: &piece) || take("'ll", into: &piece)
        || take("'d", into: &piece)
    default:
      false
    }
  }

  @_lifetime(self: copy self)
  private mutating func take(_ literal: StaticString, into piece: inout Piece) -> Bool {
    var ahead = source
    var scalar = current
    for index in 0..<literal.utf8CodeUnitCount {
      guard let found = scalar, found.value.matches(literal.byte(at: index)) else { return false }
      scalar = ahead.next()
    }
    for _ in 0..<literal.utf8CodeUnitCount {
      guard let found = current else { return false }
      take(found, into: &piece)
    }
    return true
  }
}

extension UInt32 {
  fileprivate func matches(_ byte: UInt8) -> Bool {
    self == UInt32(byte) || (self == 0x17F && byte == UInt8(ascii: "s"))
  }
}

extension StaticString {
  /// The literals here are ASCII, and `index` is within their length.
  func byte(at index: Int) -> UInt8 {
    withUTF8Buffer { $0[index] }
  }
}
