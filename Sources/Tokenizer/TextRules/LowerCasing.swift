internal import CTextTables

/// How a text is lower-cased; the raw values are those of a tokenizer table.
public enum LetterCase: UInt8, Sendable, CaseIterable {
  case kept = 0
  /// A to Z alone: TensorFlow's `tf.strings.lower`, as in big_vision.
  case ascii = 1
  /// Python's `str.lower()`: full mappings (İ becomes i and a combining dot) and the final-sigma rule.
  case python = 2
  /// The `Lowercase` of tokenizers: full mappings of each scalar alone, of Unicode 17.
  case scalarwise = 3
}

/// Lower-casing with the tables of the pinned Unicode version.
struct LowerCasing<Source: ScalarSource & ~Escapable>: ScalarSource, ~Escapable {
  private var source: Source
  private let rule: LetterCase
  private var pending: TextScalar?
  /// Whether the last scalar that is not case-ignorable was cased. It precedes a sigma.
  private var followsCased = false

  @_lifetime(copy source)
  init(_ source: Source, _ rule: LetterCase = .python) {
    self.source = source
    self.rule = rule
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    if let scalar = pending {
      pending = nil
      return scalar
    }
    guard let scalar = source.next() else { return nil }
    switch rule {
    case .kept: return scalar
    case .ascii: return scalar.value < 0x80 ? lowered(scalar) : scalar
    case .python: return nextOfPython(scalar)
    case .scalarwise:
      guard let later = laterLower(scalar.value) else { return lowered(scalar) }
      return TextScalar(value: later, offset: scalar.offset)
    }
  }

  @_lifetime(self: copy self)
  private mutating func nextOfPython(_ scalar: TextScalar) -> TextScalar {
    if scalar.value == capitalSigma {
      let isFinal = followsCased && !isFollowedByCased()
      followsCased = true
      return TextScalar(value: isFinal ? finalSigma : smallSigma, offset: scalar.offset)
    }
    noteCasing(of: scalar.value)
    return lowered(scalar)
  }

  @_lifetime(self: copy self)
  private mutating func lowered(_ scalar: TextScalar) -> TextScalar {
    if scalar.value == capitalIWithDot {
      pending = TextScalar(value: combiningDotAbove, offset: scalar.offset)
      return TextScalar(value: 0x69, offset: scalar.offset)
    }
    return TextScalar(value: ct_lower(scalar.value), offset: scalar.offset)
  }

  @_lifetime(self: copy self)
  private mutating func noteCasing(of scalar: UInt32) {
    switch ct_casing_of(scalar) {
    case .CT_CASED: followsCased = true
    case .CT_UNCASED: followsCased = false
    case .CT_CASE_IGNORABLE: break
    }
  }

  private func isFollowedByCased() -> Bool {
    var ahead = source
    while let scalar = ahead.next() {
      switch ct_casing_of(scalar.value) {
      case .CT_CASED: return true
      case .CT_UNCASED: return false
      case .CT_CASE_IGNORABLE: continue
      }
    }
    return false
  }
}

private let capitalSigma: UInt32 = 0x3A3
private let smallSigma: UInt32 = 0x3C3
private let finalSigma: UInt32 = 0x3C2
private let capitalIWithDot: UInt32 = 0x130
private let combiningDotAbove: UInt32 = 0x307

/// Lower cases that Unicode 15 to 17 added to the pinned tables, which the `Lowercase` of tokenizers knows.
private func laterLower(_ scalar: UInt32) -> UInt32? {
  switch scalar {
  case 0x1C89, 0xA7CC, 0xA7CE, 0xA7D2, 0xA7D4, 0xA7DA: scalar + 1
  case 0xA7CB: 0x264
  case 0xA7DC: 0x19B
  case 0x10D50...0x10D65: scalar + 0x20
  case 0x16EA0...0x16EB8: scalar + 0x1B
  default: nil
  }
}
