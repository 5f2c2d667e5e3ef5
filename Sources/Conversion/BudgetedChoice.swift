internal import Sensitivity

/// The forms of a tower's matrices for a budget of errors.
struct BudgetedChoice {
  private(set) var forms: PrecisionChoice
  private var step = 0

  /// What the bounds allow is divided by these, one after another. A bound is for the worst of the gate's inputs, a
  /// prediction is the mean over a few others: the first leaves room for a factor of two. With the last, almost no matrix
  /// stays int8.
  private static let divisors = [2.0, 4, 8, 16, 64]

  /// No wider forms than those that are asked for.
  init(_ matrices: [MatrixCosts]) {
    forms = PrecisionChoice(matrices, within: .init(exact: .infinity, fast: .infinity))
  }

  /// The forms for the first budget.
  init(_ matrices: [MatrixCosts], _ allowed: PrecisionChoice.Budget) {
    self.init(matrices)
    tighten(matrices, allowed)
  }

  private mutating func tighten(_ matrices: [MatrixCosts], _ allowed: PrecisionChoice.Budget) {
    let divisor = Self.divisors[step]
    step += 1
    forms = PrecisionChoice(
      matrices, within: .init(exact: allowed.exact / divisor, fast: allowed.fast / divisor))
  }

  /// The forms for the next smaller budget with which they change; nil if there is none.
  func stricter(_ matrices: [MatrixCosts], _ allowed: PrecisionChoice.Budget) -> BudgetedChoice? {
    var next = self
    while next.step < Self.divisors.count {
      next.tighten(matrices, allowed)
      if next.forms.halves != forms.halves || next.forms.wideInputs != forms.wideInputs { return next }
    }
    return nil
  }
}
