import Archives
import Testing

@Suite("Errors of readers")
struct ReadErrorTests {
  @Test("a description is one line: what, where, expected, found")
  func description() {
    let error = ReadError(.zipMemberOutOfRange, at: 812, expected: "6 elements", found: "7")
      .inside(.tensor("visual.proj")).inside(.archiveMember("data.pkl")).inFile("ViT-B-32.pt")
    #expect(
      error.description
        == "zip member lies outside the file (ViT-B-32.pt, member data.pkl, tensor visual.proj, byte 812): "
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
}
