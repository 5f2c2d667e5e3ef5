#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A sampled function of one number. Exporters write activations with different operations, so they are recognised by
/// the function that they compute.
struct Curve: Equatable {
  var values: [Double]

  /// Dense where activations bend. Small points distinguish an epsilon, large ones a clipping.
  static let points: [Double] = {
    let bends = (-80...80).map { Double($0) / 8 }
    let large: [Double] = [16, 32, 64, 128, 1000, 1e4, 6e4]
    let small: [Double] = [1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]
    return bends + large + large.map { -$0 } + small
  }()

  static let identity = Curve { $0 }

  init(_ function: (Double) -> Double) { values = Self.points.map(function) }

  private init(values: [Double]) { self.values = values }

  func mapped(_ function: (Double) -> Double) -> Curve { Curve(values: values.map(function)) }

  func combined(_ other: Curve, _ function: (Double, Double) -> Double) -> Curve {
    Curve(values: zip(values, other.values).map(function))
  }

  // MARK: Recognition

  /// FP16 constants have a relative error of 2⁻¹¹, which changes an activation by less than this.
  private static let activationTolerance = 2e-4

  var activation: GraphFacts.Activation? {
    let known: [(GraphFacts.Activation, (Double) -> Double)] = [
      (.quickGELU, { $0 / (1 + exp(-1.702 * $0)) }),
      (.gelu, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
      (.geluTanh, Curve.geluTanh),
    ]
    let distances = known.map { (kind: $0.0, distance: distance(to: $0.1)) }
    guard let best = distances.min(by: { $0.distance < $1.distance }),
      best.distance <= Self.activationTolerance
    else { return nil }
    return best.kind
  }

  static func geluTanh(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }

  var isIdentity: Bool { distance(to: { $0 }) <= 1e-6 }
  var isReLU: Bool { distance(to: { max($0, 0) }) <= 1e-6 }
  var isSquare: Bool { distance(to: { $0 * $0 }) <= 1e-6 }

  /// s if the curve is s · x.
  var factor: Double? {
    guard let one = Self.points.firstIndex(of: 1) else { return nil }
    let factor = values[one]
    return factor.isFinite && distance(to: { factor * $0 }) <= 1e-6 * max(1, abs(factor)) ? factor : nil
  }

  /// ε if the curve is √(x + ε) for all x ≥ 0.
  var rootEpsilon: Double? { epsilon { $0 * $0 } }
  /// ε if the curve is 1 / √(x + ε).
  var inverseRootEpsilon: Double? { epsilon { 1 / ($0 * $0) } }

  private func epsilon(_ radicand: (Double) -> Double) -> Double? {
    guard let zero = Self.points.firstIndex(of: 0) else { return nil }
    let epsilon = radicand(values[zero])
    guard epsilon >= 0, epsilon < 1 else { return nil }
    for (point, value) in zip(Self.points, values) where point > 0 {
      guard abs(radicand(value) - point - epsilon) <= 1e-5 * (point + epsilon) else { return nil }
    }
    return epsilon
  }

  /// The distance relative to the largest value of the curve.
  private func distance(to function: (Double) -> Double) -> Double {
    var worst = 0.0
    for (point, value) in zip(Self.points, values) {
      let expected = function(point)
      let distance = abs(value - expected) / max(1, abs(expected))
      guard distance.isFinite else { return .infinity }
      worst = max(worst, distance)
    }
    return worst
  }
}
