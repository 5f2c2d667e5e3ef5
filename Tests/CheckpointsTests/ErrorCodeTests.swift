import Archives
import Checkpoints
import Testing

@Suite("Error codes of readers")
struct ErrorCodeTests {
  @Test("every code has its own summary and a hint", arguments: ReadError.Code.all)
  func texts(code: ReadError.Code) {
    #expect(!code.summary.isEmpty && !code.hint.isEmpty)
    #expect(
      code.summary.first?.isUppercase == false
        || ErrorCodeTests.properNouns.contains { code.summary.hasPrefix($0) })
    #expect(!code.summary.hasSuffix(".") && !code.hint.hasSuffix("."))
  }

  static let properNouns = ["GGUF", "HDF5", "JSON", "Git", "MessagePack", "PyTorch"]

  @Test("no two codes have the same text")
  func summariesDiffer() {
    let summaries = ReadError.Code.all.map(\.summary)
    #expect(Set(summaries).count == summaries.count)
  }

  @Test("no two codes share a number or a name")
  func numbersDiffer() {
    #expect(Set(ReadError.Code.all.map(\.rawValue)).count == ReadError.Code.all.count)
    #expect(Set(ReadError.Code.all.map(\.name)).count == ReadError.Code.all.count)
  }

  @Test("codes are grouped: each category has codes, and the numbers are those in the fixtures")
  func stableValues() {
    let categories = Set(ReadError.Code.all.map { ReadError($0).category })
    #expect(categories == Set(ReadError.Category.allCases))
    #expect(
      ReadError.Code.gitLFSPointer.rawValue == 121 && ReadError.Code.pickleRefusedGlobal.rawValue == 302)
  }
}
