import Diagnosis
import TestSupport
import Testing

@Suite("Lengths of vectors") struct VectorFormTests {
  @Test("Raw and unit vectors are usual; every other form is a cause")
  func usual() {
    #expect(VectorForm.raw.isUsual && VectorForm.unit.isUsual)
    let others: [VectorForm] = [
      .logitScaled(100), .rawTimes(2), .constant(3), .unitSum, .unitMaximum, .irregular,
    ]
    #expect(others.allSatisfy { !$0.isUsual })
  }

  @Test(
    "A logit scale that was applied to vectors is named",
    arguments: MadeMistake.all.filter { $0.name == "logit-scale" })
  func scale(_ mistake: MadeMistake) throws {
    guard case .logitScaled = try mistake.diagnosis().form else {
      Issue.record("another form")
      return
    }
  }
}
