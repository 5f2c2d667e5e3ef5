import Architecture
import Sensitivity
import TestSupport
import Testing

@Suite("The precision of each matrix") struct PrecisionChoiceTests {
  private static func name(_ index: Int) -> ParameterName { ParameterName("m").appending(index) }

  /// Matrices of a few sizes, with costs over three orders of magnitude.
  private static func matrices(_ count: Int, seed: UInt64) -> [MatrixCosts] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { index in
      let weights = Double(1 + random.next(below: 1000)) * 1e-6
      let activations = Double(random.next(below: 1000)) * 1e-6
      let size = [64, 256, 768][random.next(below: 3)]
      return MatrixCosts(
        name(index),
        Sensitivity(
          weights: weights, activations: activations, multiplyAdds: size * (1 + random.next(below: 9))),
        addedBytes: size)
    }
  }

  /// The cheapest subset that leaves at most `budget`, of all subsets.
  private static func leastCost(_ values: [Double], _ costs: [Int], leaving budget: Double) -> Int {
    (0..<1 << values.count).reduce(Int.max) { best, subset in
      let rest = values.indices.filter { subset >> $0 & 1 == 0 }.reduce(0.0) { $0 + values[$1] }
      let cost = values.indices.filter { subset >> $0 & 1 == 1 }.reduce(0) { $0 + costs[$1] }
      return rest <= budget && cost < best ? cost : best
    }
  }

  @Test("No other choice has fewer bytes, and with these none has fewer multiply-adds", arguments: 1...20)
  func minimal(_ seed: Int) {
    let matrices = Self.matrices(11, seed: UInt64(seed))
    let total = matrices.reduce(0) { $0 + $1.sensitivity.weights }
    let budget = PrecisionChoice.Budget(
      exact: total * Double(seed % 5) / 5.1, fast: total * Double(seed % 7 + 1) / 6.3)
    let choice = PrecisionChoice(matrices, within: budget)
    #expect(
      choice.addedBytes
        == Self.leastCost(
          matrices.map(\.sensitivity.weights), matrices.map(\.addedBytes),
          leaving: min(budget.exact, budget.fast)))
    let rest = matrices.filter { !choice.halves.contains($0.name) }
    #expect(
      choice.wideMultiplyAdds
        == Self.leastCost(
          rest.map(\.sensitivity.activations), rest.map(\.sensitivity.multiplyAdds),
          leaving: budget.fast - choice.exactError))
  }

  @Test(
    "The predictions are the sums over the matrices that are rounded, and within the budgets",
    arguments: 1...20)
  func predictions(_ seed: Int) {
    let matrices = Self.matrices(60, seed: UInt64(seed))
    let total = matrices.reduce(0) { $0 + $1.sensitivity.weights }
    let budget = PrecisionChoice.Budget(exact: total / 3, fast: total / 2)
    let choice = PrecisionChoice(matrices, within: budget)
    let rest = matrices.filter { !choice.halves.contains($0.name) }
    let narrow = rest.filter { !choice.wideInputs.contains($0.name) }
    let exact = rest.reduce(0) { $0 + $1.sensitivity.weights }
    #expect(choice.exactError == exact && exact <= budget.exact)
    let fast = narrow.reduce(exact) { $0 + $1.sensitivity.activations }
    #expect(choice.fastError == fast && fast <= budget.fast * (1 + 1e-12))
    #expect(choice.halves.isDisjoint(with: choice.wideInputs) && !choice.wideInputs.isEmpty)
  }

  @Test("If all matrices in int8 reach the budgets, none changes")
  func nothing() {
    let choice = PrecisionChoice(Self.matrices(40, seed: 1), within: .init(exact: 1, fast: 1))
    #expect(choice.halves.isEmpty && choice.wideInputs.isEmpty)
    #expect(choice.addedBytes == 0 && choice.wideMultiplyAdds == 0 && choice.fastError > choice.exactError)
  }

  @Test("A budget of nothing makes every matrix FP16")
  func everything() {
    let matrices = Self.matrices(40, seed: 2)
    let choice = PrecisionChoice(matrices, within: .init(exact: 0, fast: 0))
    #expect(choice.halves == Set(matrices.map(\.name)) && choice.wideInputs.isEmpty)
    #expect(choice.exactError == 0 && choice.fastError == 0)
  }

  @Test("Forced matrices are FP16, count no error, and their bytes are counted")
  func forced() {
    var matrices = Self.matrices(12, seed: 3)
    let free = PrecisionChoice(matrices, within: .init(exact: 1, fast: 1))
    for index in [4, 7] { matrices[index].isForced = true }
    let choice = PrecisionChoice(matrices, within: .init(exact: 1, fast: 1))
    #expect(choice.halves == [Self.name(4), Self.name(7)])
    #expect(choice.addedBytes == matrices[4].addedBytes + matrices[7].addedBytes)
    let saved = matrices[4].sensitivity.weights + matrices[7].sensitivity.weights
    #expect(abs(free.exactError - choice.exactError - saved) < 1e-15)
    let strict = PrecisionChoice(matrices, within: .init(exact: 1e-4, fast: 1e-4))
    #expect(strict.halves.isSuperset(of: choice.halves) && strict.halves.count > 2)
  }

  @Test("Inputs become wide where they cost little, not where they gain most")
  func cheapInputs() {
    let matrices = [(3e-4, 1000), (2e-4, 100), (2e-4, 100)].enumerated().map { index, costs in
      MatrixCosts(
        Self.name(index), Sensitivity(weights: 0, activations: costs.0, multiplyAdds: costs.1), addedBytes: 1)
    }
    let choice = PrecisionChoice(matrices, within: .init(exact: 1e-3, fast: 4e-4))
    #expect(choice.wideInputs == [Self.name(1), Self.name(2)] && choice.wideMultiplyAdds == 200)
  }

  @Test("A tower of 300 matrices with nearly equal costs is chosen at once, within the budgets")
  func large() {
    let matrices = (0..<300).map { index in
      MatrixCosts(
        Self.name(index),
        Sensitivity(weights: 1e-5 + Double(index) * 1e-9, activations: 1e-5, multiplyAdds: 1000 + index),
        addedBytes: 1000 + index * 7 % 13)
    }
    let choice = PrecisionChoice(matrices, within: .init(exact: 1.2345e-3, fast: 2e-3))
    #expect(choice.exactError <= 1.2345e-3 && choice.exactError > 1.2e-3)
    #expect(choice.fastError <= 2e-3 * (1 + 1e-12) && choice.fastError > 1.98e-3)
  }
}
