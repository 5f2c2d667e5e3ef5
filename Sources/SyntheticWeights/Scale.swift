/// value = factor · (offset + ((draw · multiplier + 2¹⁵) >> 16)) · 2^−bits
struct Scale {
  let multiplier: Int64
  private let offset: Int64
  private let factor: Int64
  private(set) var unit: Float

  fileprivate init(multiplier: Int64, offset: Int64, bits: Int, factor: Int64 = 1) {
    self.multiplier = multiplier
    self.offset = offset
    self.factor = factor
    unit = Float(sign: .plus, exponent: -bits, significand: 1)
  }

  /// The same integer for every element.
  static func constant(_ value: Int64) -> Scale { Scale(multiplier: 0, offset: value, bits: 0) }

  func multiplied(byPowerOfTwo exponent: Int) -> Scale {
    var scale = self
    scale.unit = Float(sign: .plus, exponent: exponent, significand: unit)
    return scale
  }

  @inline(__always)
  func value(_ draw: Int64) -> Float {
    Float(factor &* (offset &+ ((draw &* multiplier &+ 32768) >> 16))) * unit
  }
}

extension Rule {
  /// The integers of this rule, with the standard deviation divided by `divisor` and all values multiplied by
  /// `factor`; `inverseVariance` is that of a draw other than the rule's.
  func scale(
    dividedBy divisor: Int = 1, times factor: Int = 1, inverseVariance: UInt64? = nil
  ) -> Scale {
    let factor = Int64(factor)
    guard variance != 0 else { return Scale(multiplier: 0, offset: centre, bits: 8, factor: factor) }
    // The standard deviation of the integers is in [deviation, 2 · deviation).
    let deviation: UInt128 = isHalf ? 256 : 16384
    let denominator = (UInt128(fanIn) * UInt128(divisor) * UInt128(divisor)) << 24
    var bits = 8
    while UInt128(variance) << (2 * bits) < deviation * deviation * denominator { bits += 1 }
    let square =
      (UInt128(inverseVariance ?? draw.inverseVariance) * UInt128(variance) << (2 * bits)) / denominator
    return Scale(
      multiplier: Int64(squareRoot(of: UInt64(square))), offset: centre << Int64(bits - 8), bits: bits,
      factor: factor)
  }
}

/// The largest integer whose square is at most `square`, bit by bit.
private func squareRoot(of square: UInt64) -> UInt64 {
  var root: UInt64 = 0
  for bit in stride(from: 31, through: 0, by: -1) {
    let candidate = root | (1 << UInt64(bit))
    if candidate * candidate <= square { root = candidate }
  }
  return root
}
