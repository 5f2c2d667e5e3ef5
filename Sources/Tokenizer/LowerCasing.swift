internal import CTextTables

/// Python's `str.lower()` of the pinned Unicode version: full mappings (İ becomes i and a combining dot) and the
/// final-sigma rule.
struct LowerCasing<Source: ScalarSource & ~Escapable>: ScalarSource, ~Escapable {
  private var source: Source
  private var pending: TextScalar?
  /// Whether the last scalar that is not case-ignorable was cased. It precedes a sigma.
  private var followsCased = false

  @_lifetime(copy source)
  init(_ source: Source) {
    self.source = source
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    if let scalar = pending {
      pending = nil
      return scalar
    }
    guard let scalar = source.next() else { return nil }
    if scalar.value == capitalSigma {
      let isFinal = followsCased && !isFollowedByCased()
      followsCased = true
      return TextScalar(value: isFinal ? finalSigma : smallSigma, offset: scalar.offset)
    }
    noteCasing(of: scalar.value)
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
