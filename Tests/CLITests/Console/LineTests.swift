import Foundation
import TestSupport
import Testing

@Suite("Lines of output") struct LineTests {
  /// Characters, other than the line feed, that break lines in Unicode or control a terminal.
  private static let odd = [
    "\u{0B}", "\u{0C}", "\u{7F}", "\u{85}", "\u{2028}", "\u{2029}", "\u{202E}", "\u{2066}",
  ]

  @Test("Any text survives JSON, and only line feeds end an entry of a list")
  func oddCharacters() throws {
    let folder = try TemporaryFolder()
    let (list, bundle) = (folder.file("texts.txt"), folder.file("mini.pclip"))
    let texts = Self.odd.map { "a\($0)b" } + ["c"]
    for ending in ["\n", "\r\n"] {
      try Data((texts.joined(separator: ending) + ending).utf8).write(to: URL(filePath: list))
      _ = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--force")
      let outcome = try Tool.run("embed", "-m", bundle, "--texts", list)
      let rows = outcome.output.split(separator: "\n")
      #expect(outcome.status == 0 && rows.count == texts.count, "\(outcome.error)")
      for (row, text) in zip(rows, texts) {
        #expect(try jsonObject(Data(row.utf8))["input"] as? String == text)
        #expect(row.utf8.allSatisfy { (0x20...0x7E).contains($0) })
      }
    }
  }
}
