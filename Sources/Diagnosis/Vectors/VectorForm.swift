internal import ReferenceForward

/// The lengths of vectors whose directions are right.
public enum VectorForm: Sendable, Equatable {
  /// As the model computes them.
  case raw
  /// Of length 1.
  case unit
  /// Of length 1, multiplied with the logit scale.
  case logitScaled(Double)
  /// Raw, multiplied with a factor.
  case rawTimes(Double)
  /// Of one other length.
  case constant(Double)
  /// Divided by the sum of absolute values.
  case unitSum
  /// Divided by the largest absolute value.
  case unitMaximum
  /// Unrelated to the model's.
  case irregular

  /// - Parameters:
  ///   - given: `[rows, width]`.
  ///   - raw: the model's, not normalized.
  init(_ given: Tensor, _ raw: Tensor, logitScale: Double?) {
    let rows = 0..<given.shape[0]
    let lengths = rows.map { Closeness.length(given.row($0)) }
    let ratios = rows.map { lengths[$0] / max(Closeness.length(raw.row($0)), .leastNormalMagnitude) }
    let sums = rows.map { given.row($0).reduce(0.0) { $0 + Double(abs($1)) } }
    let maxima = rows.map { given.row($0).reduce(0.0) { max($0, Double(abs($1))) } }
    if Self.isAll(lengths, 1) {
      self = .unit
    } else if Self.isAll(ratios, 1) {
      self = .raw
    } else if let logitScale, Self.isAll(lengths, logitScale) {
      self = .logitScaled(logitScale)
    } else if Self.isAll(lengths, lengths.first ?? 1) {
      self = .constant(lengths.first ?? 1)
    } else if Self.isAll(ratios, ratios.first ?? 1) {
      self = .rawTimes(ratios.first ?? 1)
    } else if Self.isAll(sums, 1) {
      self = .unitSum
    } else {
      self = Self.isAll(maxima, 1) ? .unitMaximum : .irregular
    }
  }

  /// Within what FP16 and inexact arithmetic change.
  private static func isAll(_ values: [Double], _ expected: Double) -> Bool {
    values.allSatisfy { abs($0 - expected) <= 5e-3 * abs(expected) }
  }

  /// Whether libraries return vectors like this.
  public var isUsual: Bool {
    switch self {
    case .raw, .unit: true
    case .logitScaled, .rawTimes, .constant, .unitSum, .unitMaximum, .irregular: false
    }
  }
}
