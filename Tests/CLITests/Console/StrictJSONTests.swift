import Foundation
import TestSupport
import Testing

/// Parses all JSON output with Foundation's parser, with every Unicode scalar in names from the user and from files.
@Suite("JSON over every scalar") struct StrictJSONTests {
  private let folder: TemporaryFolder
  private let bundle: String
  private let image = Tool.fixture("minis/images/alarm-clock-00.jpg")

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let converted = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--no-measure")
    try #require(converted.status == 0, "\(converted.error)")
  }

  /// All scalars that an entry of a list can contain, divided into entries of this length.
  private static func entries(without excluded: Set<UInt32>, length: Int) -> [String] {
    let scalars = (0...0x10FFFF as ClosedRange<UInt32>).lazy.filter { !excluded.contains($0) }.compactMap(
      Unicode.Scalar.init)
    var entries: [String] = []
    var entry = "x"
    for (index, scalar) in scalars.enumerated() {
      entry.unicodeScalars.append(scalar)
      if index % length == length - 1 {
        entries.append(entry + "x")
        entry = "x"
      }
    }
    return entries + [entry + "x"]
  }

  /// Texts or labels.
  private static let words = entries(without: [0, 0x0A, 0x0D], length: 2048)
  private static let paths = entries(without: [0], length: 2048)

  private func list(_ entries: [String], _ separator: String) throws -> String {
    try folder.write(Data((entries.joined(separator: separator) + separator).utf8), to: "list")
  }

  /// Standard output. Standard error, one line per entry, is discarded.
  private func output(_ arguments: String...) throws -> Tool.Outcome { try output(arguments) }

  private func output(_ arguments: [String]) throws -> Tool.Outcome {
    let command = [Tool.executable.path()] + arguments
    let outcome = try Tool.runInShell(command.map { "'\($0)'" }.joined(separator: " ") + " 2>/dev/null")
    let isPrintable = outcome.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 }
    #expect(isPrintable && !outcome.output.unicodeScalars.contains { 0x7F...0x9F ~= $0.value })
    return outcome
  }

  /// Compares scalars, because Swift's `==` also accepts canonically equivalent strings.
  private func expectSame(
    _ found: [String?], _ expected: [String], _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(
      found.map { $0.map { Array($0.utf8) } } == expected.map { Array($0.utf8) }, sourceLocation: location)
  }

  @Test("Texts, in lines, in one object and in the rows of a file")
  func texts() throws {
    let list = try list(Self.words, "\n")
    let lines = try output("embed", "-m", bundle, "--texts", list).lines()
    expectSame(lines.map { $0["input"] as? String }, Self.words)
    let items = try output("embed", "-m", bundle, "--texts", list, "--json").json()["items"]
    expectSame((items as? [[String: Any]] ?? []).map { $0["input"] as? String }, Self.words)
    let vectors = folder.file("v.npy")
    #expect(try output("embed", "-m", bundle, "--texts", list, "-o", vectors).status == 0)
    expectSame(try VectorPair(vectors).rows.map { $0["text"] as? String }, Self.words)
    let again = try output("embed", "-m", bundle, "--texts", list, "-o", vectors, "--resume", "--json")
    #expect(try (again.json()["counts"] as? [String: Any])?["kept"] as? Int == Self.words.count)
  }

  @Test("Labels, in lines and in one object")
  func labels() throws {
    let list = try list(Self.words, "\n")
    let classify = ["classify", "-m", bundle, image, "--labels", list, "--top", "\(Self.words.count)"]
    for option in ["--lines", "--json"] {
      let object = try output(classify + [option]).json()
      let images = object["images"] as? [[String: Any]] ?? [object]
      let labels = images[0]["labels"] as? [[String: Any]] ?? []
      let order = labels.compactMap { $0["label"] as? String }
      expectSame(
        order.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) },
        Self.words.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
  }

  @Test("Paths, and errors that quote them, in lines, in one object and in an error")
  func paths() throws {
    let list = try list(Self.paths, "\0")
    let classify = ["classify", "-m", bundle, "--images", list, "--label", "a", "--label", "b"]
    expectSame(try output(classify + ["--lines"]).lines().map { $0["path"] as? String }, Self.paths)
    let images = try output(classify + ["--json"]).json()["images"] as? [[String: Any]] ?? []
    expectSame(images.map { $0["path"] as? String }, Self.paths)
    #expect(images.allSatisfy { ($0["error"] as? String)?.contains("cannot be read") == true })
    let embedded = try output("embed", "-m", bundle, "--images", list, "--json")
    let skipped = try embedded.json()["skipped"] as? [[String: Any]] ?? []
    expectSame(skipped.map { $0["input"] as? String }, Self.paths)
    let failed = try Tool.run("inspect", "/no/\u{7F}\u{9B}2J\u{202E}\u{10FFFF}", "--json")
    let message = try failed.json()["message"] as? String
    #expect(failed.status == 66 && message?.contains("\\u{7f}") == true, "\(failed.output)")
  }
}
