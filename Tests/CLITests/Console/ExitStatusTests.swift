import Foundation
import TestSupport
import Testing

/// Every status of the table that `pocketclip --help` prints, but 70, which no input is known to lead to. Those of signals
/// are in InterruptedEmbedTests.
@Suite("Exit statuses") struct ExitStatusTests {
  private let folder: TemporaryFolder
  private let bundle: String
  private let image = Tool.fixture("minis/images/alarm-clock-00.jpg")
  private static let mini = Tool.fixture("minis/mini-vit.pt")

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let converted = try Tool.run("convert", Self.mini, "-o", bundle, "--no-measure", "-q")
    try #require(converted.status == 0, "\(converted.error)")
  }

  private func status(_ arguments: String...) throws -> Int32 { try Tool.run(arguments).status }

  @Test("Help prints the table")
  func table() throws {
    let help = try Tool.run("--help").output
    for status in ["0 ", "1 ", "3 ", "64", "65", "66", "69", "70", "71", "73", "129", "130", "143"] {
      #expect(help.contains("\n  \(status)"), "\(status)")
    }
  }

  @Test("64: an environment variable whose value means nothing, as an option with this value")
  func environment() throws {
    for (name, value) in [("PCLIP_THREADS", "x"), ("PCLIP_COPY", "7"), ("PCLIP_ARITHMETIC", "bogus")] {
      let outcome = try Tool.run(["info", bundle], environment: [name: value])
      #expect(
        outcome.status == 64 && outcome.error.contains(name) && outcome.error.contains("unset it"),
        "\(outcome.error)")
    }
  }

  @Test(
    "An environment variable has the same status and advice when `convert` runs the new bundle",
    arguments: [("PCLIP_THREADS", "x", Int32(64)), ("PCLIP_COPY", "7", 64), ("PCLIP_ISA", "none-such", 69)])
  func environmentOfConvert(_ name: String, _ value: String, status: Int32) throws {
    let output = folder.file("environment.pclip")
    for options in [[], ["--no-measure"]] where options.isEmpty || status == 64 {
      let outcome = try Tool.run(
        ["convert", Self.mini, "-o", output, "--precision", "int8"] + options, environment: [name: value])
      #expect(outcome.status == status, "\(outcome.error)")
      #expect(outcome.error.contains(value) && outcome.error.contains("unset"), "\(outcome.error)")
      #expect(!outcome.error.contains("info"), "\(outcome.error)")
    }
  }

  @Test("0: done")
  func done() throws { #expect(try status("info", bundle) == 0) }

  @Test("1: the answer is no")
  func no() throws {
    let output = folder.file("no.pclip")
    let demand = ["--precision", "int8", "--min-cosine", "1"]
    #expect(try Tool.run(["convert", Self.mini, "-o", output] + demand).status == 1)
    #expect(try status("verify", bundle, "--against", Self.mini, "--min-cosine", "1") == 1)
    #expect(try status("diff", bundle, Tool.fixture("minis/mini-rn.pt"), "--weights-only") == 1)
  }

  @Test("3: done, some skipped; the status of the first failure where nothing is done")
  func skipped() throws {
    #expect(try status("embed", "-m", bundle, image, "/no/such.jpg") == 3)
    #expect(try status("embed", "-m", bundle, "--text", "a", "/no/such.jpg") == 3)
    #expect(try status("classify", "-m", bundle, "--label", "a", "--label", "b", image, "/no/such.jpg") == 3)
    #expect(try status("embed", "-m", bundle, "/no/such.jpg") == 66)
    #expect(try status("embed", "-m", bundle, Self.mini, "/no/such.jpg") == 69)
    let output = folder.file("v.npy")
    #expect(try status("embed", "-m", bundle, image, "/no/such.jpg", "-o", output) == 3)
    #expect(try status("embed", "-m", bundle, "/no/such.jpg", "-o", output, "--resume") == 3)
  }

  @Test("--strict publishes nothing, and a run with --resume goes on from what was computed")
  func strict() throws {
    let output = folder.file("v.npy")
    let failed = try Tool.run("embed", "-m", bundle, image, "/no/such.jpg", "-o", output, "--strict")
    #expect(
      failed.status == 66 && failed.error.contains("no output was written (--strict): 1 of 2 images failed"))
    #expect(!FileManager.default.fileExists(atPath: output))
    let resumed = try Tool.run("embed", "-m", bundle, image, "-o", output, "--resume", "--strict")
    #expect(resumed.status == 0 && resumed.error.contains("1 vector kept"), "\(resumed.error)")
    for command in [
      ["embed"], ["embed", "--json"], ["classify", "--label", "a", "--label", "b", "--lines"],
    ] {
      let outcome = try Tool.run(command + ["-m", bundle, image, "/no/such.jpg", "--strict"])
      #expect(outcome.status == 66 && !outcome.output.contains("alarm-clock"), "\(outcome.output)")
      let sound = try Tool.run(command + ["-m", bundle, image, "--strict"])
      #expect(sound.status == 0 && sound.output.contains("alarm-clock"), "\(sound.error)")
    }
  }

  @Test("64, 65, 66, 69: usage, data, input, not supported")
  func refusals() throws {
    #expect(try status("info", bundle, "--nothing") == 64)
    let damaged = try folder.write(Data("{}".utf8), to: "damaged.pclip")
    #expect(try status("info", damaged) == 65)
    #expect(try status("info", "/no/such.pclip") == 66)
    #expect(try status("embed", "-m", bundle, Tool.fixture("foreign/paper.pdf")) == 69)
  }

  @Test("71: no memory")
  func memory() throws {
    let outcome = try Tool.runInShell(
      "ulimit -v 150000; exec '\(Tool.executable.path())' convert synthetic:ViT-B-32 -o '\(folder.file("x"))'"
    )
    #expect(outcome.status == 71 && outcome.error.contains("  hint: "), "\(outcome.error)")
  }

  @Test("73: the output cannot be written")
  func output() throws { #expect(try status("convert", Self.mini, "-o", "/no/such/folder/x.pclip") == 73) }
}
