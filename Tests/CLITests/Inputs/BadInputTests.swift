import Foundation
import TestSupport
import Testing

@Suite("Invalid input on the command line") struct BadInputTests {
  static let mini = Tool.fixture("minis/mini-vit.pt")

  /// One line that says what, indented ones with facts and what to do; nothing on standard output.
  private func expectRefusal(
    _ outcome: Tool.Outcome, _ status: Int32, _ words: String..., location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == status, "\(outcome.error)", sourceLocation: location)
    #expect(outcome.output.isEmpty, sourceLocation: location)
    let lines = outcome.error.split(separator: "\n")
    #expect(lines.count <= 5, "\(outcome.error)", sourceLocation: location)
    #expect(
      lines.dropFirst().allSatisfy { $0.hasPrefix("  ") }, "\(outcome.error)", sourceLocation: location)
    for word in words {
      #expect(
        outcome.error.localizedCaseInsensitiveContains(word), "\(outcome.error)", sourceLocation: location)
    }
  }

  @Test("A path that does not exist cannot be opened")
  func missing() throws {
    expectRefusal(try Tool.run("inspect", "/no/such/file.pt"), 66, "no such file")
  }

  @Test("A model's name is found in the local Hugging Face cache; otherwise the error names the folder")
  func hubCache() throws {
    let environment = ["HF_HUB_CACHE": Tool.fixture("valid/vit-hub-cache")]
    let found = try Tool.run(
      "inspect", "example/tiny-clip", "--preprocess", "openai", environment: environment)
    #expect(found.status == 0 && found.output.contains("Hugging Face"), "\(found.error)")
    expectRefusal(
      try Tool.run("inspect", "example/other", environment: environment), 66, "models--example--other",
      "hf download")
  }

  @Test("--format requires a format; an unsupported one is a usage error that names the list")
  func demandedFormat() throws {
    expectRefusal(try Tool.run("inspect", Self.mini, "--format", "safetensors"), 65, "safetensors")
    expectRefusal(try Tool.run("inspect", Self.mini, "--format", "docx"), 64, "pocketclip formats")
  }

  @Test("An empty file, a Git LFS pointer and a saved web page are identified, with advice")
  func notTheWeights() throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write(Data(), to: "empty.pt")
    expectRefusal(try Tool.run("inspect", empty), 65, "empty")
    let pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "a", count: 64))\nsize 1\n"
    let lfs = try folder.write(Data(pointer.utf8), to: "lfs.pt")
    expectRefusal(try Tool.run("inspect", lfs), 65, "git lfs pull")
    let html = try folder.write(
      Data("<!DOCTYPE html><html><body>Not found</body></html>".utf8), to: "page.pt")
    expectRefusal(try Tool.run("inspect", html), 65, "web page")
  }

  @Test("A truncated download is an error at any length", arguments: [100, 4096, 1_000_000])
  func halfDownload(_ byteCount: Int) throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(filePath: Self.mini))
    let half = try folder.write(whole.prefix(byteCount), to: "half.pt")
    let outcome = try Tool.run("convert", half, "-o", folder.file("out.pclip"))
    expectRefusal(outcome, 65, "download")
    #expect(folder.names == ["half.pt"])
  }

  @Test("The activation of a checkpoint that does not record it is not guessed")
  func undecidedActivation() throws {
    let folder = try TemporaryFolder()
    let source = Tool.fixture("valid/vit.safetensors")
    let outcome = try Tool.run("convert", source, "-o", folder.file("out.pclip"))
    expectRefusal(outcome, 65, "--activation", "--heads", "--preprocess")
    #expect(folder.names.isEmpty)
  }

  @Test(
    "An invalid value of an option is a usage error that lists the valid ones",
    arguments: [
      ["--activation", "relu"], ["--heads", "two"], ["--tokenizer", "bert"], ["--heads", "1,2,3"],
      ["--resize-backend", "pil"], ["--alpha", "grey"],
    ])
  func optionValues(_ option: [String]) throws {
    expectRefusal(try Tool.run("inspect", Self.mini, option[0], option[1]), 64, option[0], "hint: ")
  }

  @Test("Activations are accepted in each library's spelling", arguments: ["QuickGELU", "quick_gelu"])
  func spellings(_ name: String) throws {
    #expect(try Tool.run("inspect", Self.mini, "--activation", name).status == 0)
  }

  @Test("A preprocessing that is neither a known word nor a file is an error that names the option")
  func unknownPreprocessing() throws {
    expectRefusal(
      try Tool.run("inspect", Self.mini, "--preprocess", "clip"), 66, "--preprocess clip", "openai")
  }

  @Test("Exchanging a bundle and its checkpoint is reported")
  func swappedVerify() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("m.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle).status == 0)
    expectRefusal(try Tool.run("verify", Self.mini, "--against", bundle), 64, "the bundle comes first")
  }

  @Test("A golden file made from other weights is reported when a checkpoint fails")
  func otherGolden() throws {
    let outcome = try Tool.run(
      "verify", Self.mini, "--golden", Tool.fixture("minis/goldens/mini-rn.safetensors"))
    #expect(outcome.status == 1 && outcome.error.contains("perhaps from other weights"), "\(outcome.error)")
  }

  @Test("Running a file that is not a bundle is an error that says what it is")
  func notABundle() throws {
    let image = Tool.fixture("minis/images/red-apple-00.jpg")
    expectRefusal(
      try Tool.run("classify", "-m", Self.mini, image, "--label", "a"), 65, "a checkpoint",
      "pocketclip convert")
    expectRefusal(
      try Tool.run("classify", "-m", image, image, "--label", "a"), 65,
      "not a bundle: an image")
  }

  @Test("A truncated bundle is an error at any length", arguments: [0, 7, 100, 10_000, 100_000])
  func truncatedBundle(_ byteCount: Int) throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("whole.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle).status == 0)
    let whole = try Data(contentsOf: URL(filePath: bundle))
    let cut = try folder.write(whole.prefix(byteCount), to: "cut.pclip")
    #expect(try Tool.run("info", cut).status == 65)
  }

  @Test("Bundles of two models are not joined, because their space id would look valid")
  func towersOfTwoModels() throws {
    let folder = try TemporaryFolder()
    let (image, text) = (folder.file("image.pclip"), folder.file("text.pclip"))
    #expect(try Tool.run("convert", Self.mini, "--tower", "image", "-o", image).status == 0)
    let other = Tool.fixture("minis/mini-rn.pt")
    #expect(try Tool.run("convert", other, "--tower", "text", "-o", text).status == 0)
    expectRefusal(
      try Tool.run("convert", image, text, "-o", folder.file("m.pclip")), 65, "whose space ids differ")
  }

  @Test("For a folder that only holds a damaged bundle, the error has the broken rule")
  func damagedBundleInFolder() throws {
    let folder = try TemporaryFolder()
    let bytes = try Data(contentsOf: URL(filePath: Tool.fixture("malformed/bundle/B-012.pclip")))
    _ = try folder.write(bytes, to: "model.pclip")
    expectRefusal(try Tool.run("verify", folder.path), 65, "B-012", "convert the checkpoint again")
  }

  @Test(
    "A flipped bit in a checkpoint's weights stops convert and verify, and the damaged member is named",
    arguments: zip(
      ["valid/vit-torchscript-2.13.pt", "minis/mini-vit.pt"],
      ["damaged zip member", "damaged compressed zip member"]))
  func flippedWeight(_ fixture: String, _ damage: String) throws {
    let folder = try TemporaryFolder()
    var bytes = try Data(contentsOf: URL(filePath: Tool.fixture(fixture)))
    bytes[bytes.count / 2] ^= 1
    let flipped = try folder.write(bytes, to: "flipped.pt")
    let convert = try Tool.run("convert", flipped, "-o", folder.file("out.pclip"), "--precision", "int8")
    expectRefusal(convert, 65, damage, "flipped.pt", "member", "/data/", "download the file again")
    #expect(folder.names == ["flipped.pt"])
    let bundle = folder.file("sound.pclip")
    #expect(try Tool.run("convert", Tool.fixture(fixture), "-o", bundle).status == 0)
    let verify = try Tool.run("verify", bundle, "--against", flipped)
    #expect(verify.status == 65 && verify.error.contains(damage), "\(verify.error)")
  }

  @Test("verify detects a flipped bit")
  func flippedBit() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("whole.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle).status == 0)
    var bytes = try Data(contentsOf: URL(filePath: bundle))
    bytes[bytes.count / 2] ^= 1
    let outcome = try Tool.run("verify", try folder.write(bytes, to: "flipped.pclip"))
    #expect(outcome.status == 1 || outcome.status == 65, "\(outcome.error)")
    #expect(outcome.error.contains("SHA-256"), "\(outcome.error)")
  }

  @Test(
    "Unreadable, undecodable or truncated images fail one by one, and the others are classified")
  func badImages() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("m.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle).status == 0)
    let good = Tool.fixture("minis/images/red-apple-00.jpg")
    let cut = try folder.write(try Data(contentsOf: URL(filePath: good)).prefix(300), to: "cut.jpg")
    let text = try folder.write(Data("not an image".utf8), to: "text.jpg")
    let outcome = try Tool.run(
      "classify", "-m", bundle, cut, text, "/no/such.jpg", good, "--label", "red apple")
    #expect(outcome.status == 3 && outcome.output.contains("red apple"), "\(outcome.output)\(outcome.error)")
  }

  @Test("Empty labels are errors; a text of ten thousand words is truncated with a warning that shows where")
  func labels() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("m.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle).status == 0)
    let good = Tool.fixture("minis/images/red-apple-00.jpg")
    expectRefusal(try Tool.run("classify", "-m", bundle, good, "--label", ""), 64, "label 1 is empty")
    let long = String(repeating: "word ", count: 10_000)
    let outcome = try Tool.run("embed", "-m", bundle, "--text", long)
    #expect(outcome.status == 0 && outcome.error.contains("too long"), "\(outcome.error.prefix(300))")
  }

  @Test("With --json an error is an object too")
  func failureAsJSON() throws {
    let outcome = try Tool.run("inspect", "/no/such/file.pt", "--json")
    let object = try outcome.json()
    #expect(outcome.status == 66 && object["schema"] as? String == "pocketclip.error")
  }
}
