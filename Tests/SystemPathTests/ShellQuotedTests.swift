import SystemPath
import Testing

@Suite("Paths in commands that users paste") struct ShellQuotedTests {
  @Test(
    "A shell takes a quoted path as one word",
    arguments: [
      ("model.pt", "model.pt"), ("my model.pt", "'my model.pt'"), ("a;id>b;#/x", "'a;id>b;#/x'"),
      ("it's", "'it'\\''s'"), ("$(id)", "'$(id)'"), ("", "''"),
    ])
  func quoted(path: String, expected: String) { #expect(path.shellQuoted == expected) }
}
