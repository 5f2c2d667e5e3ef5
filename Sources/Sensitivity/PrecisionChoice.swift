public import Architecture

/// What choosing a matrix's precision is based on.
public struct MatrixCosts: Sendable, Equatable {
  public var name: ParameterName
  public var sensitivity: Sensitivity
  /// Bytes that FP16 needs more than int8.
  public var addedBytes: Int
  /// Whether it must be FP16.
  public var isForced: Bool

  public init(_ name: ParameterName, _ sensitivity: Sensitivity, addedBytes: Int, isForced: Bool = false) {
    self.name = name
    self.sensitivity = sensitivity
    self.addedBytes = addedBytes
    self.isForced = isForced
  }
}

/// The precision of each matrix of one tower: the fewest bytes that reach the budgets, then the fastest of these.
///
/// Errors of matrices add up. `exact` has the error of the int8 weights; `fast` adds that of the inputs with 8 bits.
public struct PrecisionChoice: Sendable, Equatable {
  /// The largest mean 1 − cos of each arithmetic; at least 0.
  public struct Budget: Sendable, Equatable {
    public var exact, fast: Double

    public init(exact: Double, fast: Double) {
      self.exact = exact
      self.fast = fast
    }
  }

  /// FP16 weights; the others are int8.
  public private(set) var halves: Set<ParameterName> = []
  /// int8 weights with 16-bit inputs in `fast`; those of the others have 8 bits.
  public private(set) var wideInputs: Set<ParameterName> = []
  /// Predicted mean 1 − cos.
  public private(set) var exactError = 0.0
  public private(set) var fastError = 0.0
  /// Bytes more than with int8 alone.
  public private(set) var addedBytes = 0
  /// Of one item, with 16-bit inputs.
  public private(set) var wideMultiplyAdds = 0

  public init(_ matrices: [MatrixCosts], within budget: Budget) {
    halves = Set(matrices.filter(\.isForced).map(\.name))
    let free = matrices.filter { !$0.isForced }
    let weightError = free.reduce(0) { $0 + $1.sensitivity.weights }
    let chosen = CheapestCover.choose(
      free.map { .init(value: $0.sensitivity.weights, cost: $0.addedBytes) },
      reaching: weightError - min(budget.exact, budget.fast))
    halves.formUnion(chosen.map { free[$0].name })
    addedBytes = matrices.reduce(0) { $0 + (halves.contains($1.name) ? $1.addedBytes : 0) }
    widen(matrices.filter { !halves.contains($0.name) }, within: budget.fast)
  }

  /// - Parameter matrices: those with int8 weights.
  private mutating func widen(_ matrices: [MatrixCosts], within budget: Double) {
    exactError = matrices.reduce(0) { $0 + $1.sensitivity.weights }
    let inputError = matrices.reduce(0) { $0 + $1.sensitivity.activations }
    let chosen = CheapestCover.choose(
      matrices.map { .init(value: $0.sensitivity.activations, cost: $0.sensitivity.multiplyAdds) },
      reaching: exactError + inputError - budget)
    wideInputs = Set(chosen.map { matrices[$0].name })
    wideMultiplyAdds = chosen.reduce(0) { $0 + matrices[$1].sensitivity.multiplyAdds }
    let narrow = matrices.filter { !wideInputs.contains($0.name) }
    fastError = narrow.reduce(exactError) { $0 + $1.sensitivity.activations }
  }
}
