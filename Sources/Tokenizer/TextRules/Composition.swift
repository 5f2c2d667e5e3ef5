internal import CTextTables

/// Unicode's canonical composition (NFC): ftfy's last step in OpenAI's tokenizer, a normalizer in Hugging Face's.
///
/// The marks after a starter must be sorted by combining class. They are read once for each class that occurs, at
/// most 55 times, so no buffer is needed. There are two passes: the first finds the composed starter, the second
/// returns the marks that did not compose. In a run of more than 4,096 marks, each 4,096 are sorted separately, so
/// that a tokenizer that has enough of them need not read to the last.
struct Composition<Source: ScalarSource & ~Escapable>: ScalarSource, ~Escapable {
  private let isNeeded: Bool
  /// The reading position.
  private var cursor: Decomposition<Source>
  /// The start of the marks that are being read.
  private var marks: Decomposition<Source>
  private var isInMarks = false
  /// Marks read since that start.
  private var markCount = 0
  /// The class being read (0 before the first) and the lowest class found above it.
  private var markClass: UInt8 = 0
  private var nextClass: UInt8 = 255
  /// The class of the last mark that did not compose: it blocks marks of the same class from the starter.
  private var blockedClass: UInt8 = 0
  /// The starter composed with the marks so far.
  private var starter = CT_NO_SCALAR

  /// - Parameter isNeeded: false if the text is known to be composed, to skip the work.
  @_lifetime(copy source)
  init(_ source: Source, isNeeded: Bool) {
    self.isNeeded = isNeeded
    cursor = Decomposition(source)
    marks = Decomposition(source)
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    guard isNeeded else { return cursor.nextAsWritten() }
    if isInMarks, let mark = nextMark() { return mark }
    isInMarks = false
    var ahead = cursor
    guard let first = ahead.next() else { return nil }
    guard ct_combining_class(first.value) == 0 else {
      // A text that begins with marks.
      beginMarks(after: CT_NO_SCALAR)
      return nextMark()
    }
    cursor = ahead
    return TextScalar(value: composed(first.value), offset: first.offset)
  }

  /// The starter composed with the marks and starters that join it. Afterwards, the remaining marks are next.
  @_lifetime(self: copy self)
  private mutating func composed(_ first: UInt32) -> UInt32 {
    var current = first
    while true {
      beginMarks(after: current)
      let start = cursor
      while nextMark() != nil {}
      let result = starter
      if blockedClass == 0 {
        isInMarks = false
        var ahead = cursor
        guard let following = ahead.next() else { return result }
        let joined = ct_compose(result, following.value)
        guard joined != CT_NO_SCALAR else { return result }
        cursor = ahead
        current = joined
      } else {
        cursor = start
        beginMarks(after: current)
        return result
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func beginMarks(after starter: UInt32) {
    marks = cursor
    isInMarks = true
    markCount = 0
    markClass = 0
    nextClass = 255
    blockedClass = 0
    self.starter = starter
  }

  private static var longestRun: Int { 4096 }

  /// The next mark, in canonical order, that does not compose. At the end, `cursor` is after the marks.
  @_lifetime(self: copy self)
  private mutating func nextMark() -> TextScalar? {
    while true {
      var ahead = cursor
      let scalar = ahead.next()
      let found = scalar.map { ct_combining_class($0.value) } ?? 0
      guard let scalar, found != 0, markCount < Self.longestRun else {
        guard nextClass != 255 else { return nil }
        markCount = 0
        markClass = nextClass
        nextClass = 255
        cursor = marks
        continue
      }
      cursor = ahead
      markCount += 1
      if found > markClass { nextClass = min(nextClass, found) }
      guard found == markClass else { continue }
      let joined = blockedClass == found ? CT_NO_SCALAR : ct_compose(starter, scalar.value)
      guard joined == CT_NO_SCALAR else {
        starter = joined
        continue
      }
      blockedClass = found
      return scalar
    }
  }
}

/// Whether the text is already composed, like almost all texts: no scalar is affected by composition, and marks are
/// in canonical order. Can return false for a composed text.
func isComposed<Source: ScalarSource & ~Escapable>(_ text: borrowing Source) -> Bool {
  var source = copy text
  var lastClass: UInt8 = 0
  while let scalar = source.next() {
    guard !ct_may_change_in_composition(scalar.value) else { return false }
    let markClass = ct_combining_class(scalar.value)
    guard markClass == 0 || markClass >= lastClass else { return false }
    lastClass = markClass
  }
  return true
}

/// Whether every byte belongs to a scalar below U+0300 and none can begin a character reference. Such a text is
/// composed, and its bytes alone show it.
func isPlain(_ text: Span<UInt8>) -> Bool {
  for index in text.indices where text[index] >= 0xCC || text[index] == UInt8(ascii: "&") { return false }
  return true
}
