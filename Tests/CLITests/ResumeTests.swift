import Foundation
import Testing

/// `embed --resume` goes on with a file of vectors.
@Suite struct ResumeTests {
  static let apple = Tool.fixture("minis/pictures/red-apple-00.jpg")
  static let clock = Tool.fixture("minis/pictures/alarm-clock-00.jpg")
  private let folder: ScratchFolder
  private let bundle: String
  private let output: String

  init() throws {
    folder = try ScratchFolder()
    bundle = folder.path("m.pclip")
    output = folder.path("v.safetensors")
    let outcome = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  private func resume(_ inputs: String...) throws -> Tool.Outcome {
    try Tool.run(["embed", "-m", bundle, "-o", output, "--resume"] + inputs)
  }

  @Test("Vectors are added to those that are there, and nothing is computed twice")
  func adds() throws {
    #expect(try resume(Self.apple, "--text", "a").status == 0)
    let second = try resume(Self.clock, Self.apple, "--text", "a")
    #expect(second.status == 0 && second.error.contains("2 vectors kept"), "\(second.error)")
    #expect(second.error.contains("3 vectors of 64 values"), "\(second.error)")
    let resumed = try Data(contentsOf: URL(filePath: output))
    let third = try resume(Self.clock, Self.apple, "--text", "a")
    #expect(third.error.contains("3 vectors kept"), "\(third.error)")
    #expect(try Data(contentsOf: URL(filePath: output)) == resumed)
  }

  @Test("The resumed file is the file of one run, byte for byte")
  func sameBytes() throws {
    #expect(try resume(Self.apple).status == 0)
    #expect(try resume(Self.apple, Self.clock).status == 0)
    let whole = folder.path("whole.safetensors")
    #expect(try Tool.run("embed", "-m", bundle, "-o", whole, Self.apple, Self.clock).status == 0)
    #expect(try Data(contentsOf: URL(filePath: output)) == Data(contentsOf: URL(filePath: whole)))
  }

  @Test("Vectors of another bundle or made otherwise are not mixed, and the file is kept")
  func otherSettings() throws {
    #expect(try resume(Self.apple).status == 0)
    let kept = try Data(contentsOf: URL(filePath: output))
    let raw = try resume(Self.clock, "--raw")
    #expect(raw.status == 65 && raw.error.contains("another normalized"), "\(raw.error)")
    let other = folder.path("other.pclip")
    let precision = ["--precision", "int8", "--no-measure"]
    #expect(try Tool.run(["convert", bundle, "-o", other] + precision).status == 0)
    let mixed = try Tool.run("embed", "-m", other, "-o", output, "--resume", Self.clock)
    #expect(mixed.status == 65 && mixed.error.contains("another bundle_id"), "\(mixed.error)")
    #expect(try Data(contentsOf: URL(filePath: output)) == kept)
  }

  @Test("What is no file of vectors is refused")
  func otherFile() throws {
    let other = output + ".other"
    try FileManager.default.copyItem(atPath: bundle, toPath: other)
    let outcome = try Tool.run("embed", "-m", bundle, "-o", other, "--resume", Self.apple)
    #expect(outcome.status == 65 && outcome.error.contains("not a file of vectors"), "\(outcome.error)")
    #expect(try Tool.run("embed", "-m", bundle, Self.apple, "--resume").status == 64)
  }

  @Test("Ctrl-C saves what is done, and the same command goes on")
  func interrupted() throws {
    // Reading a pipe without a writer, the tool waits after its first picture.
    let pipe = folder.path("pipe.jpg")
    try #require(mkfifo(pipe, 0o600) == 0)
    let (process, _, _) = try Tool.start(
      ["embed", "-m", bundle, "-o", output, "--resume", Self.apple, pipe, Self.clock])
    var writer: Int32 = -1
    for _ in 0..<3000 where writer < 0 {
      writer = open(pipe, O_WRONLY | O_NONBLOCK)
      if writer < 0 { usleep(10_000) }
    }
    try #require(writer >= 0)
    kill(process.processIdentifier, SIGINT)
    usleep(50_000)
    close(writer)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    let rest = try resume(Self.apple, Self.clock)
    #expect(rest.status == 0 && rest.error.contains("1 vector kept"), "\(rest.error)")
    #expect(rest.error.contains("2 vectors of 64 values"), "\(rest.error)")
  }
}
