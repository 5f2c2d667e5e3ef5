internal import PocketCLIP
internal import Sensitivity

/// The forms of a tower's matrices for a budget of errors in each arithmetic.
struct BudgetedChoice {
  private(set) var forms: PrecisionChoice
  /// The errors of int8 alone.
  private let predicted: PrecisionChoice.Budget
  private var exactStep = 0
  private var fastStep = 0

  /// What a bound allows, or what int8 alone is predicted to have if that is less, is divided by these: a bound is for the
  /// worst of the gate's inputs, a prediction is the mean over a few others. Small steps, because each costs bytes; after
  /// the last almost no matrix stays int8.
  private static let divisors = (0..<12).map { step in
    (0..<step).reduce(1.0) { divisor, _ in divisor * 1.5 }
  }

  /// FP16 only where the user keeps it.
  init(_ matrices: [MatrixCosts]) {
    forms = PrecisionChoice(matrices, within: .init(exact: .infinity, fast: .infinity))
    predicted = PrecisionChoice.Budget(exact: forms.exactError, fast: forms.fastError)
  }

  /// The forms for the first budget.
  init(_ matrices: [MatrixCosts], _ allowed: PrecisionChoice.Budget) {
    self.init(matrices)
    (exactStep, fastStep) = (1, 1)
    choose(matrices, allowed)
  }

  /// The forms for the next smaller budget of what was missed with which they change; nil if there is none.
  ///
  /// - Parameter excess: the measured error in each missed arithmetic, as a multiple of the allowed one.
  func stricter(
    _ matrices: [MatrixCosts], _ allowed: PrecisionChoice.Budget, excess: [Model.Arithmetic: Double]
  ) -> BudgetedChoice? {
    var next = self
    while next.tighten(allowed, excess) {
      next.choose(matrices, allowed)
      if next.forms.halves != forms.halves || next.forms.wideInputs != forms.wideInputs { return next }
    }
    return nil
  }

  /// - Returns: whether a budget became smaller.
  private mutating func tighten(_ allowed: PrecisionChoice.Budget, _ excess: [Model.Arithmetic: Double])
    -> Bool
  {
    let (exact, fast) = (exactStep, fastStep)
    if let excess = excess[.exact] {
      exactStep = Self.step(
        after: exact, first: min(allowed.exact, predicted.exact), needed: forms.exactError / excess)
    }
    if let excess = excess[.fast] {
      fastStep = Self.step(
        after: fast, first: min(allowed.fast, predicted.fast), needed: forms.fastError / excess)
    }
    return exactStep > exact || fastStep > fast
  }

  /// The last budget that is not below the needed one, but a smaller one than before: each attempt takes a while, and the
  /// worst error falls about as the predicted one does.
  private static func step(after current: Int, first: Double, needed: Double) -> Int {
    let last = divisors.lastIndex { first / $0 >= needed } ?? 0
    return min(max(current, last) + 1, divisors.count)
  }

  private mutating func choose(_ matrices: [MatrixCosts], _ allowed: PrecisionChoice.Budget) {
    forms = PrecisionChoice(
      matrices,
      within: .init(
        exact: budget(min(allowed.exact, predicted.exact), exactStep),
        fast: budget(min(allowed.fast, predicted.fast), fastStep)))
  }

  /// Without a step, the bound holds already.
  private func budget(_ allowed: Double, _ step: Int) -> Double {
    step == 0 ? .infinity : allowed / Self.divisors[step - 1]
  }
}
