import Testing

/// Rules for the sources of the tests (CONTRIBUTING.md).
@Suite("Sources of the tests") struct TestSourceTests {
  private let tree: SourceTree

  init() throws { tree = try SourceTree() }

  private func files(_ endings: String...) -> [String] {
    ["Tests", "Sources/TestSupport", "Sources/CKernelChecks"].flatMap { tree.files(below: $0, endings) }
  }

  /// A test waits for an event: a pipe, a barrier, an event that the system reports.
  @Test("No test sleeps or waits for a length of time")
  func nothingSleeps() throws {
    let waits =
      /\b(?:u|nano|clock_nano|thrd_)?sleep\(|asyncAfter\(|timeout[:]|deadline[:]|\.timeLimit\(|\.now\(\) [+]/
    for file in files(".swift", ".c", ".h") {
      let found = try tree.text(of: file).firstMatch(of: waits)
      #expect(found == nil, "\(file): \(found?.output ?? "")")
    }
  }

  @Test("Every test and every suite has a display name")
  func everythingHasAName() throws {
    let attributes = /@(?:Test|Suite)\b(\(\s*")?/
    var count = 0
    for file in files(".swift") {
      for attribute in try tree.text(of: file).matches(of: attributes) {
        count += 1
        #expect(attribute.1 != nil, "\(file) has a test or a suite without a name")
      }
    }
    #expect(count > 500)
  }
}
