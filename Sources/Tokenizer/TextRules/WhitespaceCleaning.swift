internal import CTextTables

/// Strips the text and turns each run of white space into one space.
///
/// Stripping uses `str.isspace`. OpenAI's `whitespace_clean` collapses the regex module's `\s`: U+001C–001F are
/// stripped at the ends but unchanged inside the text. SigLIP's tokenizers collapse `str.isspace`.
struct WhitespaceCleaning<Source: ScalarSource & ~Escapable>: ScalarSource, ~Escapable {
  enum Rule { case kept, regexSpaces, pythonSpaces }

  private var source: Source
  private let rule: Rule
  private var isAtStart: Bool
  /// White-space scalars that are known to precede other text, so that a run is scanned once.
  private var spacesBeforeContent = 0

  /// - Parameter stripsStart: false if the text continues another one.
  @_lifetime(copy source)
  init(_ source: Source, _ rule: Rule = .regexSpaces, stripsStart: Bool = true) {
    self.source = source
    self.rule = rule
    isAtStart = stripsStart
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    if rule == .kept { return source.next() }
    if isAtStart {
      isAtStart = false
      while let scalar = source.next() {
        if !ct_is_python_space(scalar.value) { return scalar }
      }
      return nil
    }
    guard let scalar = source.next() else { return nil }
    guard ct_is_python_space(scalar.value) else { return scalar }
    guard isFollowedByContent() else { return nil }
    guard isCollapsed(scalar.value) else { return scalar }
    skipSpaces()
    return TextScalar(value: 0x20, offset: scalar.offset)
  }

  /// Whether the text continues after the white-space scalar that was just read.
  @_lifetime(self: copy self)
  private mutating func isFollowedByContent() -> Bool {
    if spacesBeforeContent > 0 {
      spacesBeforeContent -= 1
      return true
    }
    var ahead = source
    var count = 0
    while let scalar = ahead.next() {
      if !ct_is_python_space(scalar.value) {
        spacesBeforeContent = count
        return true
      }
      count += 1
    }
    return false
  }

  @_lifetime(self: copy self)
  private mutating func skipSpaces() {
    var ahead = source
    while let scalar = ahead.next(), isCollapsed(scalar.value) {
      source = ahead
      spacesBeforeContent -= 1
    }
  }

  private func isCollapsed(_ scalar: UInt32) -> Bool {
    rule == .pythonSpaces ? ct_is_python_space(scalar) : ct_is_regex_space(scalar)
  }
}
