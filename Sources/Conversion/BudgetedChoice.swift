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
  func stricter(
    _ matrices: [MatrixCosts], _ allowed: PrecisionChoice.Budget, missed: [Model.Arithmetic]
  ) -> BudgetedChoice? {
    var next = self
    while next.tighten(missed) {
      next.choose(matrices, allowed)
      if next.forms.halves != forms.halves || next.forms.wideInputs != forms.wideInputs { return next }
    }
    return nil
  }

  /// - Returns: whether a budget became smaller.
  private mutating func tighten(_ missed: [Model.Arithmetic]) -> Bool {
    let (exact, fast) = (exactStep, fastStep)
    if missed.contains(.exact) { exactStep = min(exactStep + 1, Self.divisors.count) }
    if missed.contains(.fast) { fastStep = min(fastStep + 1, Self.divisors.count) }
    return exactStep > exact || fastStep > fast
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
