import Testing

@Suite("Help texts") struct HelpTests {
  @Test(
    "The help of commands that read checkpoints lists every supported format",
    arguments: ["convert", "inspect"])
  func formats(_ command: String) throws {
    let rows = try #require(try Tool.run("formats", "--json").json()["formats"] as? [[String: Any]])
    let names = rows.filter { $0["is_readable"] as? Bool == true }.compactMap { $0["name"] as? String }
    // The help is wrapped to the terminal's width.
    let help = try Tool.run("help", command).output.split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    #expect(names.count > 7 && names.allSatisfy(help.contains), "\(help)")
  }

  @Test("formats prints the ids that --format accepts")
  func identifiers() throws {
    let rows = try #require(try Tool.run("formats", "--json").json()["formats"] as? [[String: Any]])
    let page = try Tool.run("formats").output
    for id in rows.compactMap({ $0["id"] as? String }) { #expect(page.contains("  \(id) "), "\(id)") }
  }
}
