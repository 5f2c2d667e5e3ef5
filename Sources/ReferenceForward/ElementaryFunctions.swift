/// Elementary functions in FP64 that only use additions, multiplications and divisions, so that their bits do not
/// depend on C libraries or processors. Relative errors stay below 1e-14 (for erfc in its tail, below 1e-90, 1e-13).
/// A result that becomes FP32 is rounded once.
package enum ElementaryFunctions {
  package typealias Lanes = SIMD8<Double>

  /// eˣ, for x clamped to −700 … 700: x = n · ln 2 + r, a Taylor polynomial for eʳ.
  package static func exponential(_ x: Lanes) -> Lanes {
    var x = x
    x.replace(with: -700, where: x .< -700)
    x.replace(with: 700, where: x .> 700)
    // Adding 1.5 · 2⁵² rounds a number to an integer, which the low bits of the sum then hold.
    let shifted = x * 1.442_695_040_888_963_4 + 0x1.8p52
    let n = shifted - 0x1.8p52
    // ln 2 in two parts: n times the first is exact.
    let r = (x - n * 0x1.62e42fefap-1) - n * 0x1.cf79abc9e3b39p-40
    var power = Lanes(repeating: inverseFactorials[0])
    for coefficient in inverseFactorials.dropFirst() { power = power * r + coefficient }
    var scale = Lanes()
    for lane in 0..<Lanes.scalarCount {
      scale[lane] = Double(bitPattern: (shifted[lane].bitPattern &+ 1023) &<< 52)  // 2ⁿ
    }
    return power * scale
  }

  /// 1/12! … 1/1!, 1: |r| ≤ ln 2 / 2, so that the truncated terms are below 2e-16.
  private static let inverseFactorials: [Double] = {
    var values = [1.0]
    for n in 1...12 { values.append(values[n - 1] / Double(n)) }
    return values.reversed()
  }()

  /// erfc(x) = e^(−x²) · C((x − 3) / (x + 3)) for x ≥ 0, C a Chebyshev series.
  package static func complementaryError(_ x: Lanes) -> Lanes {
    let t = (x - 3) / (x + 3)
    var (current, previous) = (Lanes(), Lanes())
    for coefficient in complementaryErrorSeries.dropFirst().reversed() {  // Clenshaw's recurrence
      (current, previous) = (2 * t * current - previous + coefficient, current)
    }
    return (t * current - previous + complementaryErrorSeries[0]) * exponential(-x * x)
  }

  /// Coefficients of erfc(x) · e^(x²) as a function of t on −1 … 1, by the Chebyshev nodes' cosine sums in 40 digits
  /// (mpmath 1.3); the next one is 6e-18.
  private static let complementaryErrorSeries: [Double] = [
    0.329_862_774_753_036_77, -0.453_661_520_537_802_07, 0.160_398_340_821_562_96, -0.044_908_121_151_122_825,
    0.009_641_428_650_695_697, -0.001_442_508_077_744_395_5, 0.000_100_994_367_353_799_16,
    1.208_502_453_445_53e-5,
    -3.625_420_602_753_755_6e-6, 7.186_810_742_476_415e-8, 8.914_235_859_898_217e-8,
    -7.421_566_624_959_606e-9,
    -2.389_336_570_265_878e-9, 3.062_235_535_489_925e-10, 7.788_945_388_151_088e-11,
    -1.097_374_582_924_558_4e-11,
    -3.091_520_731_191_773_4e-12, 3.525_433_881_723_422e-13, 1.399_045_217_977_161_7e-13,
    -8.246_037_476_838_809e-15,
    -6.639_961_426_989_321_5e-15, -7.978_348_824_752_611e-17, 3.047_241_237_604_098_5e-16,
    3.032_131_711_022_567e-17,
  ]
}
