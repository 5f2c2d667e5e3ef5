import Diagnosis
import Testing

/// Vectors with known mistakes, made by OpenAI's clip, open_clip and transformers (Fixtures/diagnose/make_mistakes.py).
@Suite("Mistakes made with the original libraries") struct MadeMistakeTests {
  private static let mistakes = MadeMistake.all.filter { !$0.causes.isEmpty && $0.isPlain }
  private static let rightFiles = MadeMistake.all.filter { $0.causes.isEmpty && $0.isPlain }

  @Test(
    "There are at least 70 mistakes, ten of them from public issues, of three libraries, and 20 right files")
  func coverage() {
    #expect(Self.mistakes.count >= 70 && MadeMistake.all.count { $0.causes.isEmpty } >= 20)
    #expect(Set(Self.mistakes.compactMap(\.history)).count >= 10)
    #expect(Set(Self.mistakes.map(\.library)).count == 3)
  }

  @Test("The true cause is named, alone and first", arguments: mistakes)
  func named(_ mistake: MadeMistake) throws {
    let diagnosis = try mistake.diagnosis()
    #expect(Set(diagnosis.causes.map(\.id)) == Set(mistake.causes), "\(diagnosis.verdict)")
    #expect(diagnosis.verdict == (mistake.causes == ["model-other"] ? .unexplained : .explained))
  }

  @Test("Right vectors get no cause", arguments: rightFiles)
  func right(_ file: MadeMistake) throws {
    let diagnosis = try file.diagnosis()
    #expect(diagnosis.verdict == .right && diagnosis.causes.isEmpty, "\(diagnosis.causes.map(\.id))")
    #expect(diagnosis.form?.isUsual == true)
  }
}
