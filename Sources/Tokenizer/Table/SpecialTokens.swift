internal import CTextTables

/// Divides a text at the special tokens that are typed in it, as tokenizers and transformers do before any rule: the
/// leftmost one, and among those the longest.
struct SpecialTokens: ~Escapable {
  private let text: Span<UInt8>
  private let tokens: TokenTable
  private var position = 0
  private var isFirst = true
  private var isAtEnd = false

  @_lifetime(copy text)
  init(_ text: Span<UInt8>, _ tokens: TokenTable) {
    self.text = text
    self.tokens = tokens
  }

  /// A part of the text and the special token after it, if any.
  struct Part {
    var range: Range<Int>
    var special: UInt32?
    var specialOffset: Int
    var isFirst: Bool
  }

  @_lifetime(self: copy self)
  mutating func next(_ table: RawSpan) -> Part? {
    guard !isAtEnd else { return nil }
    let start = position
    defer { isFirst = false }
    if !tokens.specials.isEmpty {
      for index in start..<text.count {
        guard let (end, value) = match(at: index, table), let id = tokens.id(value) else { continue }
        let before = value & TableHeader.stripsLeft == 0 ? index : spacesStart(before: index, after: start)
        position = value & TableHeader.stripsRight == 0 ? end : spacesEnd(after: end)
        return Part(range: start..<before, special: id, specialOffset: index, isFirst: isFirst)
      }
    }
    isAtEnd = true
    return Part(range: start..<text.count, special: nil, specialOffset: text.count, isFirst: isFirst)
  }

  private func match(at start: Int, _ table: RawSpan) -> (end: Int, value: UInt32)? {
    var search = tokens.specials.search(table)
    var found: (end: Int, value: UInt32)?
    var end = start
    let limit = min(text.count, start + Int(TableHeader.longestPieceLimit))
    while end < limit, tokens.specials.advance(&search, text[end], table) {
      end += 1
      if let value = search.value { found = (end, value) }
    }
    return found
  }

  private func spacesEnd(after start: Int) -> Int {
    var scalars = UTF8Scalars(text, start..<text.count)
    while let scalar = scalars.next() {
      if !ct_is_regex_space(scalar.value) { return scalar.offset }
    }
    return text.count
  }

  private func spacesStart(before end: Int, after start: Int) -> Int {
    var first = end
    while first > start {
      var lead = first - 1
      while lead > start, first - lead < 4, text[lead] & 0xC0 == 0x80 { lead -= 1 }
      var scalars = UTF8Scalars(text, lead..<first)
      guard let scalar = scalars.next(), ct_is_regex_space(scalar.value), scalars.next() == nil else { break }
      first = lead
    }
    return first
  }
}
