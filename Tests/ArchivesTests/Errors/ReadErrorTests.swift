import Archives
import Testing

@Suite("Errors of readers")
struct ReadErrorTests {
  @Test("a line states file, problem, expected and found, position and advice")
  func line() {
    let error = ReadError(.zipMemberOutOfRange, at: 812, expected: "6 elements", found: "7")
      .inside(.tensor("visual.proj")).inside(.archiveMember("data.pkl")).inFile("ViT-B-32.pt")
    #expect(
      error.line
        == "ViT-B-32.pt: zip member lies outside the file (expected 6 elements, found 7) at byte 812, in member "
        + "data.pkl, in tensor visual.proj; download the file again and compare its size or SHA-256 with the source's"
    )
    #expect(ReadError(.emptyFile).description == "the file is empty")
    #expect(ReadError(.zipMissingMember, found: "b").description == "zip member missing (b)")
    #expect(ReadError(.htmlPage, expected: "a").description.hasSuffix(" (expected a)"))
  }

  @Test("text from a file can neither break the line nor colour the terminal")
  func printable() {
    let error = ReadError(.zipUnsafeName, found: "a\nb\u{1B}[31m\u{202E}")
    #expect(error.description.hasSuffix(#"(a\u{a}b\u{1b}[31m\u{202e})"#))
  }

  @Test("names from a file never make the line longer than 900 characters; the end of a path is kept")
  func bounded() {
    for long in [String(repeating: "x", count: 5000), String(repeating: "\u{1}é", count: 5000)] {
      let error = ReadError(
        .zipDuplicateName, at: .max, expected: long, found: long,
        path: [.archiveMember(long), .tensor(long)], file: long + "/model.pt")
      #expect(error.line.unicodeScalars.count < 900 && error.line.contains("/model.pt: "))
    }
  }

  @Test("an outer layer does not replace the file name of an inner one")
  func innerFileWins() {
    #expect(ReadError(.emptyFile).inFile("shard").inFile("index").file == "shard")
  }
}
