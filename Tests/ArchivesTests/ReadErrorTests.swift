import Archives
import Testing

@Suite("Errors of readers")
struct ReadErrorTests {
  @Test("every code has a summary and a hint of its own kind", arguments: ReadError.Code.allCases)
  func texts(code: ReadError.Code) {
    #expect(!code.summary.isEmpty && !code.hint.isEmpty)
    #expect(
      code.summary.first?.isUppercase == false
        || ReadErrorTests.properNouns.contains { code.summary.hasPrefix($0) })
    #expect(!code.summary.hasSuffix(".") && !code.hint.hasSuffix("."))
  }

  static let properNouns = ["JSON", "Git"]

  @Test("no two codes say the same")
  func summariesDiffer() {
    let summaries = ReadError.Code.allCases.map(\.summary)
    #expect(Set(summaries).count == summaries.count)
  }

  @Test("a description is one line: what, where, expected, found")
  func description() {
    let error = ReadError(.tensorOutsideStorage, at: 812, expected: "6 elements", found: "7")
      .inside(.tensor("visual.proj")).inside(.archiveMember("data.pkl")).inFile("ViT-B-32.pt")
    #expect(
      error.description
        == "tensor reaches outside its storage (ViT-B-32.pt, member data.pkl, tensor visual.proj, byte 812): "
        + "expected 6 elements, found 7")
  }

  @Test("text from a file cannot break the line or colour the terminal")
  func printable() {
    let error = ReadError(.zipUnsafeName, found: "a\nb\u{1B}[31m\u{202E}")
    #expect(error.description.hasSuffix(#"a\u{a}b\u{1b}[31m\u{202e}"#))
  }

  @Test("an inner file name is not overwritten by an outer one")
  func innerFileWins() {
    #expect(ReadError(.emptyFile).inFile("shard").inFile("index").file == "shard")
  }

  @Test("codes are grouped: each category has codes, and the numbers are those the fixtures cite")
  func stableValues() {
    let categories = Set(ReadError.Code.allCases.map { ReadError($0).category })
    #expect(categories == Set(ReadError.Category.allCases))
    #expect(
      ReadError.Code.gitLFSPointer.rawValue == 121 && ReadError.Code.pickleRefusedGlobal.rawValue == 302)
  }
}
