import Foundation
import TestSupport
import Testing

/// Files that are something else than a command takes: the message says what, and what to give.
@Suite("Files of another kind") struct OtherFileTests {
  private let folder: TemporaryFolder
  private let bundle: String
  private static let mini = Tool.fixture("minis/mini-vit.pt")

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let outcome = try Tool.run("convert", Self.mini, "-o", bundle, "--no-measure", "-q")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  /// The bundle with another version in its header.
  private func bundle(ofVersion version: String) throws -> String {
    var bytes = try Data(contentsOf: URL(filePath: bundle))
    let mark = Data("\"pclip.version\":\"".utf8)
    let end = try #require(bytes.range(of: mark)).upperBound
    bytes.replaceSubrange(end..<end + 1, with: Data(version.utf8))
    return try folder.write(bytes, to: "version-\(version).pclip")
  }

  @Test("A bundle of a later version states both versions; PocketCLIP never wrote one of version 0")
  func versions() throws {
    for command in ["info", "inspect", "verify"] {
      let later = try Tool.run(command, bundle(ofVersion: "7"))
      #expect(later.status == 69, "\(command): \(later.error)")
      let earlier = try Tool.run(command, bundle(ofVersion: "0"))
      #expect(!earlier.error.contains("later version"), "\(command): \(earlier.error)")
    }
    let later = try Tool.run("inspect", bundle(ofVersion: "7"))
    for text in ["a bundle of version 1 or earlier", "version 7"] {
      #expect(later.error.contains(text), "\(later.error)")
    }
    #expect(try Tool.run("inspect", bundle(ofVersion: "0")).status == 65)
  }

  @Test("What `embed -o` writes is named by every command", arguments: ["v.safetensors", "v.npy"])
  func vectors(_ name: String) throws {
    let path = folder.file(name)
    #expect(try Tool.run("embed", "-m", bundle, "--text", "a", "-o", path).status == 0)
    for file in [path, path + ".rows.jsonl"] {
      let commands = [
        ["info", file], ["inspect", file], ["convert", file, "-o", folder.file("n.pclip")],
        ["verify", file], ["classify", "-m", file, "--label", "a", "--label", "b", "x.jpg"],
        ["verify", bundle, "--against", file],
      ]
      for command in commands {
        let outcome = try Tool.run(command)
        #expect(
          outcome.status == 65 && outcome.error.contains("vectors that `pocketclip embed` wrote"),
          "\(outcome.error)")
        #expect(!outcome.error.contains("pocketclip convert"), "\(outcome.error)")
      }
    }
  }

  @Test("A bundle that an index names as a shard is called one")
  func shard() throws {
    let index = #"{"weight_map": {"a": "m.pclip"}}"#
    let path = try folder.write(Data(index.utf8), to: "model.safetensors.index.json")
    let outcome = try Tool.run("inspect", path)
    #expect(outcome.status == 65 && outcome.error.contains("a PocketCLIP bundle"), "\(outcome.error)")
  }

  @Test("An adapter beside a bundle is noted")
  func adapter() throws {
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      try FileManager.default.copyItem(
        atPath: Tool.fixture("adapters/plain/\(name)"), toPath: folder.file(name))
    }
    let outcome = try Tool.run("inspect", bundle)
    #expect(
      outcome.output.contains("adapter_model.safetensors beside the bundle is not merged"),
      "\(outcome.output)")
  }

  @Test("verify says that the bundle was made from another file, where the vectors differ")
  func otherSource() throws {
    let trained = Tool.fixture("minis/mini-rn.pt")
    let outcome = try Tool.run("verify", bundle, "--against", trained)
    #expect(
      outcome.status != 0 && outcome.error.contains("was made from another file: SHA-256"), "\(outcome.error)"
    )
    let own = try Tool.run("verify", bundle, "--against", Self.mini)
    #expect(own.status == 0 && !own.error.contains("another file"), "\(own.error)")
  }

  @Test("An empty image file is called empty")
  func emptyImage() throws {
    let empty = try folder.write(Data(), to: "empty.jpg")
    let outcome = try Tool.run("embed", "-m", bundle, empty)
    #expect(outcome.status == 65 && outcome.error.contains("the image file is empty\n"), "\(outcome.error)")
    #expect(outcome.error.contains("  hint: download or copy the file again"), "\(outcome.error)")
  }

  @Test("Out of memory is two lines of ours")
  func memory() throws {
    // Without its backtraces Swift prints a stack trace of its own.
    for (kilobytes, backtrace) in [(90_000, "yes"), (110_000, "yes"), (90_000, "no"), (110_000, "no")] {
      let line =
        "export SWIFT_BACKTRACE=enable=\(backtrace); ulimit -v \(kilobytes); exec '\(Tool.executable.path())' convert '\(Self.mini)' -o '\(bundle)' --force"
      let outcome = try Tool.runInShell(line)
      let lines = outcome.error.split(separator: "\n").filter { !$0.hasPrefix("note:") }
      #expect(
        outcome.status == 71 && lines.count == 2 && lines[0].hasPrefix("pocketclip: "), "\(outcome.error)")
    }
  }
}
