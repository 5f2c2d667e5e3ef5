import ReferenceForward
import Testing

/// Expected values: mpmath 1.3 in 30 digits, rounded to FP64.
@Suite("Elementary functions of the reference") struct ElementaryFunctionTests {
  private typealias Lanes = ElementaryFunctions.Lanes

  /// Rounding of a dozen FP64 operations.
  private static let tolerance = 1e-14

  @Test(
    "eˣ is within 1e-14 of its value",
    arguments: [
      (-700, 9.85967654375977e-305), (-87.3, 1.2192470959520051e-38), (-20, 2.061153622438558e-09),
      (-1, 0.36787944117144233), (-0.125, 0.8824969025845955), (0, 1), (1e-9, 1.000000001),
      (0.5, 1.6487212707001282),
      (1, 2.718281828459045), (88.5, 2.7230878250681117e+38), (700, 1.0142320547350045e+304),
    ])
  func exponential(_ x: Double, _ expected: Double) {
    // x · log₂ e is rounded before its fraction is taken, so |x| = 700 loses a few digits.
    let tolerance = Self.tolerance * max(1, abs(x) / 100)
    let result = ElementaryFunctions.exponential(Lanes(repeating: x))
    for lane in 0..<Lanes.scalarCount { #expect(abs(result[lane] / expected - 1) <= tolerance) }
  }

  @Test(
    "erfc(x) is within 1e-14 of its value, far into its tail",
    arguments: [
      (0, 1), (1e-9, 0.9999999988716208), (0.25, 0.7236736098317631), (0.5, 0.4795001221869535),
      (1, 0.15729920705028513), (2, 0.004677734981047266), (3, 2.209049699858544e-05),
      (4.5, 1.9661604415428876e-10), (6, 2.1519736712498913e-17), (10, 2.088487583762545e-45),
    ])
  func complementaryError(_ x: Double, _ expected: Double) {
    let tolerance = Self.tolerance * max(1, x * x / 10)  // the rounding of x² becomes a factor
    let result = ElementaryFunctions.complementaryError(Lanes(repeating: x))
    for lane in 0..<Lanes.scalarCount { #expect(abs(result[lane] / expected - 1) <= tolerance) }
  }

  @Test("NaN stays NaN, and results out of FP32's range become infinity or zero")
  func extremes() {
    #expect(ElementaryFunctions.exponential(Lanes(repeating: .nan))[0].isNaN)
    #expect(ElementaryFunctions.complementaryError(Lanes(repeating: .nan))[0].isNaN)
    #expect(Float(ElementaryFunctions.exponential(Lanes(repeating: 1e9))[0]) == .infinity)
    #expect(Float(ElementaryFunctions.exponential(Lanes(repeating: -1e9))[0]) == 0)
  }
}
