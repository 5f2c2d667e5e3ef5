/// What becomes of the characters of Python's `string.punctuation`; the raw values are those of a tokenizer table.
public enum PunctuationRule: UInt8, Sendable, CaseIterable {
  case kept = 0
  /// All are deleted, as in Hugging Face's `SiglipTokenizer`.
  case deleted = 1
  /// `_` becomes a space and the others are deleted, as in `canonicalize_text` of open_clip and big_vision.
  case underscoreToSpace = 2
}

/// Deletes ASCII punctuation and, for Hugging Face's `SiglipTokenizer`, turns a typed `▁` into a space.
struct Punctuation<Source: ScalarSource & ~Escapable>: ScalarSource, ~Escapable {
  private var source: Source
  private let rule: PunctuationRule
  private let replacesSpaceMark: Bool

  @_lifetime(copy source)
  init(_ source: Source, _ rule: PunctuationRule, replacesSpaceMark: Bool = false) {
    self.source = source
    self.rule = rule
    self.replacesSpaceMark = replacesSpaceMark
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    while let scalar = source.next() {
      if replacesSpaceMark, scalar.value == spaceMark {
        return TextScalar(value: space, offset: scalar.offset)
      }
      guard rule != .kept, isPunctuation(scalar.value) else { return scalar }
      if rule == .underscoreToSpace, scalar.value == 0x5F {
        return TextScalar(value: space, offset: scalar.offset)
      }
    }
    return nil
  }
}

let space: UInt32 = 0x20
/// `▁`, which stands for a space in pieces.
let spaceMark: UInt32 = 0x2581

/// Whether Python's `string.punctuation` has the scalar.
package func isPunctuation(_ scalar: UInt32) -> Bool {
  switch scalar {
  case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
  default: false
  }
}
