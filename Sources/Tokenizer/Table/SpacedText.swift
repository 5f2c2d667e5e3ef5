internal import CTextTables

/// Turns the spaces of a mapped text into `▁` and adds the prefix, by the rules of a table.
struct SpacedText<Source: ScalarSource & ~Escapable>: ~Escapable {
  private var text: MappedText<Source>
  private let spaces: TableHeader.Spaces
  /// Whether spaces become `▁`; else they divide words.
  private let escapes: Bool
  private var followsSpace: Bool
  /// `▁` that are only returned if something follows them, and the scalar that does.
  private var waitingMarks = 0
  private var markOffset = 0
  private var following: TextScalar?
  /// White-space scalars that are known to precede other text.
  private var spacesBeforeContent = 0
  private var isPrefixDue: Bool
  /// Whether only spaces of a replacement were read.
  private var isLeading = true

  @_lifetime(copy text)
  init(_ text: consuming MappedText<Source>, _ header: TableHeader) {
    self.text = text
    spaces = header.spaces
    escapes = header.words != .separateAtSpaces
    // sentencepiece removes spaces at the start, but a written prefix is in front of them.
    followsSpace = header.spaces == .withoutExtra && header.prefix != .written
    isPrefixDue = header.prefix == .dummy
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next(_ table: RawSpan) -> TextScalar? {
    if spaces != .withoutExtra { return nextWithPrefix(table) }
    while following == nil {
      guard let scalar = nextWithPrefix(table) else { return nil }
      if scalar.value == spaceMark {
        if waitingMarks == 0 { markOffset = scalar.offset }
        waitingMarks += 1
      } else {
        following = scalar
      }
    }
    guard waitingMarks > 0 else {
      defer { following = nil }
      return following
    }
    waitingMarks -= 1
    return TextScalar(value: spaceMark, offset: markOffset)
  }

  @_lifetime(self: copy self)
  private mutating func nextWithPrefix(_ table: RawSpan) -> TextScalar? {
    guard isPrefixDue else { return nextSpaced(table) }
    isPrefixDue = false
    // An empty text has no dummy prefix. One that becomes empty has; `next` drops it if it drops spaces.
    var ahead = text
    let first = ahead.firstOffset()
    guard let first else { return nil }
    return TextScalar(value: spaceMark, offset: first)
  }

  @_lifetime(self: copy self)
  private mutating func nextSpaced(_ table: RawSpan) -> TextScalar? {
    while let mapped = text.next(table) {
      let scalar = mapped.scalar
      switch spaces {
      case .each: break
      case .withoutExtra:
        // Spaces inside a replacement stay.
        if mapped.startsChunk { isLeading = true }
        if isLeading, followsSpace, scalar.value == space { continue }
        isLeading = false
        followsSpace = scalar.value == space
      case .runs, .runsBeforeEnd:
        if spaces == .runsBeforeEnd, isAtEnd(scalar.value, table) { return nil }
        if followsSpace, scalar.value == space { continue }
        followsSpace = scalar.value == space
      }
      guard scalar.value == space, escapes else { return scalar }
      return TextScalar(value: spaceMark, offset: scalar.offset)
    }
    return nil
  }

  /// Whether a scalar and everything after it is white space.
  @_lifetime(self: copy self)
  private mutating func isAtEnd(_ scalar: UInt32, _ table: RawSpan) -> Bool {
    guard ct_is_regex_space(scalar) else { return false }
    if spacesBeforeContent > 0 {
      spacesBeforeContent -= 1
      return false
    }
    var ahead = text
    var count = 0
    while let mapped = ahead.next(table) {
      if !ct_is_regex_space(mapped.scalar.value) {
        spacesBeforeContent = count
        return false
      }
      count += 1
    }
    return true
  }
}
