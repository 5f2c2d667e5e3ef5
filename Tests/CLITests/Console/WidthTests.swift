import Foundation
import TestSupport
import Testing

/// What people read fits 80 columns, in a terminal of that width and in a pipe.
@Suite("80 columns") struct WidthTests {
  private static let commands: [[String]] = [
    [], ["inspect"], ["convert"], ["verify"], ["diff"], ["export"], ["formats"], ["architectures"], ["embed"],
    ["classify"], ["bench"], ["info"], ["diagnose"],
  ]
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Lines that are too long. One with a path is as long as the path, and the hint of an error stays on one line.
  private func wide(_ text: String) -> [Substring] {
    text.split(separator: "\n").filter { $0.count > 80 && !$0.contains("/") && !$0.hasPrefix("  hint:") }
  }

  @Test("Every page of help, in a terminal and in a pipe", arguments: commands)
  func help(_ command: [String]) throws {
    let piped = try Tool.run(["help"] + command)
    let shown = try PseudoTerminal.run(["help"] + command)
    #expect(piped.status == 0 && shown.status == 0)
    for text in [piped.output, shown.text] {
      let wide = text.split(separator: "\n").filter { $0.count > 80 }
      #expect(wide.isEmpty, "\(wide)")
      // A value of an option without a description.
      #expect(!text.contains("- \n"))
    }
  }

  @Test("The first line of each command's help is a sentence in the imperative", arguments: commands)
  func imperative(_ command: [String]) throws {
    let first = try Tool.run(["help"] + command).output.split(separator: " ").dropFirst().first ?? ""
    let verbs = [
      "Show", "Convert", "Measure", "Export", "List", "Compute", "Classify", "Find",
    ]
    #expect(verbs.contains(String(first)), "\(command): \(first)")
  }

  @Test("Reports of every command on fixtures, in a terminal and in a pipe")
  func reports() throws {
    let (mini, other) = (Tool.fixture("minis/mini-vit.pt"), Tool.fixture("minis/mini-rn.pt"))
    let (int8, fp16) = (folder.file("int8.pclip"), folder.file("a-long-name-of-a-bundle-in-fp16.pclip"))
    let image = Tool.fixture("minis/images/red-apple-00.jpg")
    let label = String(repeating: "a label of many words ", count: 8)
    let runs: [[String]] = [
      ["convert", mini, "-o", int8, "--precision", "int8", "--force"],
      ["convert", mini, "-o", fp16, "--force"],
      ["convert", other, "-o", folder.file("rn.pclip"), "--no-measure", "--force"],
      ["inspect", mini], ["inspect", mini, "--tensors"], ["inspect", int8],
      ["inspect", Tool.fixture("valid/vit.safetensors")], ["verify", int8],
      ["diff", mini, other], ["diff", mini, int8], ["diff", fp16, int8],
      ["verify", int8, "--against", mini], ["verify", fp16, "--against", other], ["info"], ["info", int8],
      ["formats"], ["architectures"], ["bench", int8, "--seconds", "0.001"],
      ["bench", "--compare", int8, fp16, "--seconds", "0.001"],
      ["classify", "-m", int8, image, "--label", label, "--label", "clock"],
      ["embed", "-m", int8, image, "-o", folder.file("v.npy"), "--force"],
      ["export", int8, "--to", "huggingface", "-o", folder.file("hf"), "--force"],
    ]
    for run in runs {
      let piped = try Tool.run(run)
      let shown = try PseudoTerminal.run(run, environment: ["TERM": "dumb"])
      #expect(piped.status == shown.status && !piped.output.contains("\u{1B}"))
      for text in [piped.output, piped.shownError, shown.text.replacing(/\r\x{1B}\[K[^\r\n]*/, with: "")] {
        let wide = wide(text)
        #expect(wide.isEmpty, "\(run[0]): \(wide)")
      }
    }
  }

  @Test("A path with spaces, and a command, are never broken")
  func paths() throws {
    let name = "a folder of " + String(repeating: "many words ", count: 9) + "and a bundle.pclip"
    let path = folder.file(name)
    let outcome = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", path)
    #expect(outcome.status == 0 && outcome.output.contains(name), "\(outcome.output)\(outcome.error)")
    for command in [["info", path], ["inspect", path], ["verify", path]] {
      #expect(try Tool.run(command).output.contains(name))
    }
  }
}

@Suite("A terminal") struct TerminalTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "Progress is drawn on one line there, never as wide as the terminal, and removed", arguments: [80, 40])
  func progress(_ columns: UInt16) throws {
    let (status, text) = try PseudoTerminal.run(
      [
        "convert", Tool.fixture("minis/mini-vit.pt"), "-o", folder.file("m.pclip"), "--precision", "int8",
        "--force",
      ], columns: columns)
    #expect(status == 0)
    let drawn = text.split(separator: "\r\u{1B}[K", omittingEmptySubsequences: false).dropFirst()
    let lines = drawn.map { $0.prefix { $0 != "\n" } }
    for step in 1...7 { #expect(lines.contains { $0.hasPrefix("[\(step)/7] ") }, "\(text)") }
    for line in lines.dropLast() where line.hasPrefix("[") { #expect(line.count < columns, "\(line)") }
    // After the last line was removed comes the result.
    #expect(drawn.last?.contains("m.pclip") == true)
  }

  @Test(
    "No progress in a pipe, for --json, --quiet and --progress never; lines for logs with --progress lines")
  func noProgress() throws {
    let command = ["convert", Tool.fixture("minis/mini-vit.pt"), "-o", folder.file("m.pclip"), "--force"]
    #expect(try !Tool.run(command).error.contains("[1/6]"))
    for option in [["--json"], ["--quiet"], ["--progress", "never"]] {
      #expect(try !PseudoTerminal.run(command + option).text.contains("[1/6]"))
    }
    let log = try Tool.run(command + ["--progress", "lines"]).error
    #expect(log.contains("[1/6] ") && log.contains("done in") && !log.contains("\u{1B}"), "\(log)")
  }

  @Test("A verdict and the word before an error have a colour there, unless NO_COLOR or TERM=dumb says no")
  func colour() throws {
    let bundle = folder.file("m.pclip")
    let mini = Tool.fixture("minis/mini-vit.pt")
    #expect(try Tool.run("convert", mini, "-o", bundle).status == 0)
    let command = ["verify", bundle, "--against", mini, "--progress", "never"]
    #expect(try PseudoTerminal.run(command).text.contains("\u{1B}[32mverdict     pass\u{1B}[0m"))
    for environment in [["TERM": "dumb"], ["TERM": "xterm", "NO_COLOR": "1"]] {
      #expect(try !PseudoTerminal.run(command, environment: environment).text.contains("\u{1B}["))
    }
    #expect(
      try PseudoTerminal.run(command, environment: ["TERM": "xterm", "NO_COLOR": ""]).text.contains("\u{1B}[")
    )
    #expect(try !Tool.run(command).output.contains("\u{1B}"))
    let failure = try PseudoTerminal.run(["info", "/no/such"])
    #expect(
      failure.status != 0 && failure.text.hasPrefix("\u{1B}[31mpocketclip:\u{1B}[0m "), "\(failure.text)")
  }

  @Test("Ids are shortened for people and complete in JSON")
  func ids() throws {
    let bundle = folder.file("m.pclip")
    let command = ["convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--force"]
    let space = try #require(try Tool.run(command + ["--json"]).json()["space_id"] as? String)
    let towers = space.split(separator: ".").map { $0.prefix(12) }.joined(separator: ".")
    #expect(space.count == 129 && towers.count == 25)
    for text in [try Tool.run(command).output, try Tool.run("info", bundle).output] {
      #expect(text.contains("space") && text.contains(towers) && !text.contains(space), "\(text)")
    }
    let info = try #require(try Tool.run("info", bundle, "--json").json()["bundle"] as? [String: Any])
    #expect(info["space_id"] as? String == space && (info["bundle_id"] as? String)?.count == 64)
  }
}
