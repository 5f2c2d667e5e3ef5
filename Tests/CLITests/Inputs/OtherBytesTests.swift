import Foundation
import SystemPath
import TestSupport
import Testing

/// As in archives that are older than UTF-8.
@Suite("Names that are not UTF-8") struct OtherBytesTests {
  /// `é` in Latin-1, for `printf` and as text.
  private static let (byte, text) = ("\\351", "\u{10FEE9}")
  private let folder: TemporaryFolder
  private let mini = Tool.fixture("minis/mini-vit.pt")

  init() throws {
    folder = try TemporaryFolder()
    let image = Tool.fixture("minis/images/alarm-clock-00.jpg")
    let made = try run(
      "mkdir Photos$e; cp '\(image)' Photos$e/a$e.jpg; cp '\(image)' Photos$e/é.jpg; cp '\(mini)' m$e.pt")
    try #require(made.status == 0, "\(made.error)")
  }

  /// Runs a line of the shell in the folder, where `$e` is the byte and `$pocketclip` the tool.
  private func run(_ line: String) throws -> Tool.Outcome {
    try Tool.runInShell(
      "cd '\(folder.path)'; e=$(printf '\(Self.byte)'); pocketclip='\(Tool.executable.path())'; \(line)")
  }

  private var names: [String] { SystemPath.names(in: folder.path) ?? [] }

  @Test(
    "Checkpoints, bundles, images and outputs can have any names, and JSON has one private scalar per byte")
  func files() throws {
    let converted = try run("$pocketclip convert m$e.pt -o b$e.pclip --no-measure -q")
    #expect(converted.status == 0 && names.contains("b\(Self.text).pclip"), "\(converted.error)")
    let verified = try run("$pocketclip verify b$e.pclip --against m$e.pt -q")
    #expect(
      verified.status == 0 && verified.outputWords.contains("b\\xe9.pclip against"), "\(verified.error)")
    let exported = try run(
      "for force in '' --force; do $pocketclip export m$e.pt --to huggingface -o x$e -q $force || exit; done")
    #expect(exported.status == 0 && names.contains("x\(Self.text)"), "\(exported.error)")
    let inspected = try run("$pocketclip inspect x$e --json")
    #expect(try inspected.status == 0 && inspected.json()["schema"] as? String == "pocketclip.inspect")
    let paths = ["Photos\(Self.text)/é.jpg", "Photos\(Self.text)/a\(Self.text).jpg"]
    let embedded = try run("$pocketclip embed -m b$e.pclip Photos$e -q")
    #expect(try Set(embedded.lines().compactMap { $0["input"] as? String }) == Set(paths))
    for _ in 0..<2 {
      let saved = try run("$pocketclip embed -m b$e.pclip Photos$e -o v$e.npy --resume")
      #expect(saved.status == 0 && saved.error.contains("2 vectors of"), "\(saved.error)")
    }
    #expect(names.filter { $0.hasPrefix("v") } == ["v\(Self.text).npy", "v\(Self.text).npy.rows.jsonl"])
  }

  @Test("A list can contain the bytes, or their form in JSON")
  func lists() throws {
    _ = try run("$pocketclip convert m$e.pt -o b.pclip --no-measure -q")
    try folder.write(Data("Photos\(Self.text)/a\(Self.text).jpg\n".utf8), to: "list")
    for list in ["cat list", "find Photos$e -name 'a*'", "find Photos$e -name 'a*' -print0"] {
      let outcome = try run("\(list) | $pocketclip embed -m b.pclip --images - -q")
      #expect(
        try outcome.lines().map { $0["input"] as? String } == ["Photos\(Self.text)/a\(Self.text).jpg"],
        "\(outcome.error)")
    }
  }

  @Test("A text that is not UTF-8 is an error, not embedded as another text")
  func words() throws {
    _ = try run("$pocketclip convert m$e.pt -o b.pclip --no-measure -q")
    for words in [
      "embed -m b.pclip --text caf$e", "classify -m b.pclip Photos$e --label caf$e",
      "classify -m b.pclip Photos$e --label a --template caf$e{}",
    ] {
      let outcome = try run("$pocketclip \(words)")
      #expect(outcome.status == 64 && outcome.error.contains("caf\\xe9"), "\(outcome.error)")
      #expect(outcome.error.contains("is not UTF-8"), "\(outcome.error)")
    }
  }
}
