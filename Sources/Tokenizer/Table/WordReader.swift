internal import CTextTables

/// Divides a text into words, the parts that are searched for pieces one at a time.
struct WordReader<Source: ScalarSource & ~Escapable>: ~Escapable {
  private var text: SpacedText<Source>
  private let words: TableHeader.Words
  /// Whether words begin with a `▁`, one that is added if needed: the first one, or each one after white space.
  private var needsMark: Bool
  private let marksEachWord: Bool
  /// The scalar that the next word begins with.
  private var held: TextScalar?

  @_lifetime(copy text)
  init(_ text: consuming SpacedText<Source>, _ header: TableHeader, isFirst: Bool) {
    self.text = text
    words = header.words
    marksEachWord = header.prefix == .eachPart
    needsMark = header.prefix == .eachPart || (header.prefix == .firstPart && isFirst)
  }

  /// Writes the UTF-8 of the next word to `piece`; false at the end of the text.
  @_lifetime(self: copy self)
  @inline(never)
  mutating func next(into piece: inout Piece, _ table: RawSpan) -> Bool {
    piece.removeAll()
    var last: UInt32?
    while let scalar = held ?? text.next(table) {
      held = nil
      if words == .separateAtSpaces, ct_is_regex_space(scalar.value) {
        needsMark = needsMark || marksEachWord
        if last != nil { return true }
        continue
      }
      if needsMark, last == nil, scalar.value != spaceMark {
        piece.append(TextScalar(value: spaceMark, offset: scalar.offset))
      }
      needsMark = false
      guard !isWordStart(scalar.value, after: last) else {
        held = scalar
        return true
      }
      guard piece.hasRoom else {
        piece.cut(before: scalar)
        return true
      }
      piece.append(scalar)
      last = scalar.value
    }
    return last != nil
  }

  private func isWordStart(_ scalar: UInt32, after last: UInt32?) -> Bool {
    guard scalar == spaceMark, last != nil else { return false }
    return switch words {
    case .whole: false
    case .continued: last != spaceMark
    case .separate, .separateAtSpaces: true
    }
  }
}
