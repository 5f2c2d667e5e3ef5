import Foundation
import TestSupport
import Testing

/// Errors name the option and the numbers, and their advice works when followed literally.
@Suite("Advice of errors") struct AdviceTests {
  private static let vit = Tool.fixture("valid/vit.safetensors")
  private static let options = [
    "--heads", "1", "--activation", "quickgelu", "--pooling", "highest", "--preprocess", "openai",
    "--precision", "fp16", "--no-measure", "-q",
  ]

  private func bundle(_ folder: TemporaryFolder, _ tower: String) throws -> String {
    let path = folder.file("\(tower).pclip")
    let outcome = try Tool.run(["convert", Self.vit, "-o", path, "--tower", tower] + Self.options)
    try #require(outcome.status == 0, "\(outcome.error)")
    return path
  }

  @Test("bench --compare names both bundles if their towers differ")
  func otherTowers() throws {
    let folder = try TemporaryFolder()
    let paths = try ["image", "text", "both"].map { try bundle(folder, $0) }
    for pair in [[0, 1], [1, 0], [2, 0], [1, 2]].map({ $0.map { paths[$0] } }) {
      let outcome = try Tool.run(["bench", "--seconds", "0.001", "--compare"] + pair)
      #expect(outcome.status == 65 && outcome.error.contains("same towers"), "\(outcome.error)")
    }
  }

  @Test("a tower that a bundle or checkpoint does not have is an error about --tower")
  func absentTower() throws {
    let folder = try TemporaryFolder()
    let outcome = try Tool.run("convert", bundle(folder, "image"), "-o", folder.file("x"), "--tower", "text")
    #expect(outcome.status == 65 && outcome.error.contains("--tower text"), "\(outcome.error)")
  }

  @Test(
    "an id or a tokenizer beyond the token table is an error with both numbers",
    arguments: [
      (["--pooling", "first:99999"], "first:99999", "128"), (["--pooling", "first:128"], "first:128", "127"),
      (["--tokenizer", "openai"], "49408", "128"),
    ])
  func beyondTheTable(_ option: [String], _ one: String, _ other: String) throws {
    let folder = try TemporaryFolder()
    var options = Self.options
    if let place = options.firstIndex(of: option[0]) { options.removeSubrange(place...place + 1) }
    let outcome = try Tool.run(["convert", Self.vit, "-o", folder.file("x")] + options + option)
    #expect(outcome.status == 69, "\(outcome.error)")
    #expect(outcome.error.contains(one) && outcome.error.contains(other), "\(outcome.error)")
  }

  @Test("an empty list of texts is rejected like an empty list of images")
  func emptyLists() throws {
    let folder = try TemporaryFolder()
    let model = try bundle(folder, "both")
    for list in ["--texts", "--images"] {
      let outcome = try Tool.run("embed", "-m", model, list, "/dev/null")
      #expect(outcome.status == 65 && outcome.error.contains("/dev/null"), "\(outcome.error)")
    }
  }

  @Test("info names the arithmetic that runs FP16, and rejects a bundle's options without a bundle")
  func information() throws {
    let folder = try TemporaryFolder()
    let model = try bundle(folder, "image")
    #expect(try Tool.run("info", model).output.contains("runs with     exact"))
    for option in [["--threads", "1"], ["--arithmetic", "fast"], ["--isa", "scalar"]] {
      #expect(try Tool.run(["info"] + option).status == 64)
    }
  }
}
