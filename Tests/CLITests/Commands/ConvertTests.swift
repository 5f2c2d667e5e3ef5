import Foundation
import TestSupport
import Testing

@Suite("convert", .serialized) struct ConvertTests {
  static let mini = Tool.fixture("minis/mini-vit.pt")

  @Test("Without Python in the environment, a PyTorch archive becomes a bundle that classifies an image")
  func endToEndWithoutPython() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("mini.pclip")
    let bare = ["PATH": "/nonexistent"]
    let converted = try Tool.run("convert", Self.mini, "-o", bundle, "--precision", "int8", environment: bare)
    #expect(converted.status == 0, "\(converted.error)")
    let classified = try Tool.run(
      "classify", "-m", bundle, Tool.fixture("minis/images/red-apple-00.jpg"),
      "--labels", Tool.fixture("minis/images/labels.txt"), "--template", "a picture of a {}.", "--top", "1",
      environment: bare)
    #expect(classified.status == 0 && classified.output.contains("red apple"), "\(classified.output)")
  }

  @Test("The same input gives the same bytes, with one thread and with two")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    for (name, threads) in [("a", "1"), ("b", "2")] {
      let outcome = try Tool.run(
        "convert", Self.mini, "-o", folder.file(name), "--precision", "int8", "--threads", threads)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    let first = try Data(contentsOf: URL(filePath: folder.file("a")))
    #expect(first == (try Data(contentsOf: URL(filePath: folder.file("b")))))
  }

  @Test("The report lists settings from options and library defaults, also with --quiet")
  func settings() throws {
    let folder = try TemporaryFolder()
    let source = Tool.fixture("valid/vit-state-dict-2.13.pt")
    let options = [
      "--heads", "1", "--activation", "quickgelu", "--pooling", "highest", "--preprocess", "openai", "-q",
    ]
    let text = try Tool.run(["convert", source, "-o", folder.file("a")] + options)
    #expect(text.status == 0 && text.error.isEmpty, "\(text.error)")
    for line in [
      "from options or a library's defaults; the reference uses them too",
      "image.heads 1, text.heads 1 (option: --heads)",
      "image.epsilon 1e-05, text.epsilon 1e-05 (library default: LayerNorm of clip and open_clip)",
    ] {
      #expect(text.outputWords.contains(line), "\(text.output)")
    }
    let json = try Tool.run(
      ["convert", source, "-o", folder.file("b"), "--tower", "text", "--json"] + options
    ).json()
    let rows = try #require(json["settings"] as? [[String: String]])
    #expect(rows.contains { $0["field"] == "text.pooling" && $0["source"] == "option" })
    #expect(rows.contains { $0["field"] == "text.epsilon" && $0["source"] == "library default" })
    #expect(!rows.contains { $0["field"] == "image.epsilon" || $0["field"] == "preprocessing" })
    let certain = try Tool.run("convert", Self.mini, "-o", folder.file("c"))
    #expect(certain.output.contains("settings      all recorded in the checkpoint or in its configuration"))
  }

  @Test("Transparency handling is reported, stored in the bundle and applied to images")
  func alpha() throws {
    let folder = try TemporaryFolder()
    let (clear, opaque) = (
      Tool.fixture("preprocessing/transparent/clear.png"),
      Tool.fixture("preprocessing/transparent/opaque.png")
    )
    for alpha in ["drop", "white"] {
      let bundle = folder.file(alpha)
      let converted = try Tool.run(
        "convert", Tool.fixture("valid/vit-hugging-face"), "-o", bundle, "--alpha", alpha)
      #expect(
        converted.output.contains("preprocessing.alpha \(alpha) (option: --alpha \(alpha))"),
        "\(converted.output)")
      let info = try Tool.run("info", bundle, "--json").json()
      #expect((info["bundle"] as? [String: Any])?["alpha"] as? String == alpha)
      let vectors = try Tool.run("embed", "-m", bundle, clear, opaque).lines().map {
        $0["vector"] as? [Double]
      }
      // Both images have the same colours.
      #expect(vectors.count == 2 && vectors[0] != nil && (vectors[0] == vectors[1]) == (alpha == "drop"))
    }
  }

  @Test("An existing file is kept unless --force is given")
  func existingFileIsKept() throws {
    let folder = try TemporaryFolder()
    let output = try folder.write(Data("mine".utf8), to: "out.pclip")
    let refused = try Tool.run("convert", Self.mini, "-o", output)
    #expect(refused.status == 73 && refused.error.contains("--force"))
    #expect(try Data(contentsOf: URL(filePath: output)) == Data("mine".utf8))
    #expect(try Tool.run("convert", Self.mini, "-o", output, "--force").status == 0)
  }

  @Test("A missing output folder is reported, and nothing is written")
  func missingFolder() throws {
    let folder = try TemporaryFolder()
    let outcome = try Tool.run("convert", Self.mini, "-o", folder.file("no/such/out.pclip"))
    #expect(outcome.status == 73 && outcome.error.contains("folder"))
    #expect(folder.names.isEmpty)
  }

  @Test("Both towers of a checkpoint share one space id and classify together")
  func towersShareASpace() throws {
    let folder = try TemporaryFolder()
    for tower in ["image", "text"] {
      let outcome = try Tool.run("convert", Self.mini, "-o", folder.file(tower), "--tower", tower)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    let image = Tool.fixture("minis/images/red-apple-00.jpg")
    let together = try Tool.run(
      "classify", "-m", folder.file("image"), "--text-model", folder.file("text"), image, "--label",
      "red apple")
    #expect(together.status == 0, "\(together.error)")
    let alone = try Tool.run("embed", "-m", folder.file("text"), image)
    #expect(alone.status == 69 && alone.error.contains("no image tower"))
  }

  @Test("Embeddings of two spaces are never compared")
  func twoSpaces() throws {
    let folder = try TemporaryFolder()
    _ = try Tool.run("convert", Self.mini, "-o", folder.file("vit"), "--tower", "image")
    _ = try Tool.run("convert", Tool.fixture("minis/mini-rn.pt"), "-o", folder.file("rn"), "--tower", "text")
    let outcome = try Tool.run(
      "classify", "-m", folder.file("vit"), "--text-model", folder.file("rn"),
      Tool.fixture("minis/images/red-apple-00.jpg"), "--label", "red apple")
    #expect(outcome.status == 65 && outcome.error.contains("different embedding spaces"), "\(outcome.error)")
  }

  @Test(
    "A model in two files is converted and verified as one, also without a tokenizer or with a golden file")
  func twoFiles() throws {
    let folder = try TemporaryFolder()
    let halves = ["image", "text"].map { Tool.fixture("valid/vit-hugging-face-\($0)-projection") }
    let bundle = folder.file("whole.pclip")
    let choices = ["--preprocess", "openai", "--tokenizer", "none"]
    let converted = try Tool.run(["convert"] + halves + ["-o", bundle, "--no-measure"] + choices)
    #expect(converted.status == 0, "\(converted.error)")
    let verified = try Tool.run(["verify", bundle, "--against"] + halves)
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    let lines = verified.output.split(separator: "\n")
    #expect(lines.last == "verdict     pass" && lines.contains { $0.hasPrefix("image ") }, "\(lines)")
    let golden = Tool.fixture("valid/vit.golden.safetensors")
    let towersVerified = try Tool.run(["verify"] + halves + ["--golden", golden] + choices)
    #expect(towersVerified.status == 0, "\(towersVerified.error)\(towersVerified.output)")
    let half = try Tool.run("verify", bundle, "--against", halves[0])
    #expect(half.status != 0, "\(half.output)")
  }

  @Test("Converting a bundle of int8 weights notes that its weights are already rounded")
  func fromInt8() throws {
    let folder = try TemporaryFolder()
    let small = folder.file("small.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", small, "--precision", "int8").error.isEmpty)
    let outcome = try Tool.run("convert", small, "-o", folder.file("large.pclip"), "--precision", "fp32")
    #expect(
      outcome.status == 0 && outcome.error.contains("small.pclip holds int8 weights"), "\(outcome.error)")
  }

  @Test("verify does not need the options of convert again", arguments: ["both", "image", "text"])
  func verifiedWithoutOptions(_ tower: String) throws {
    let folder = try TemporaryFolder()
    let source = Tool.fixture("valid/vit.safetensors")
    let bundle = folder.file("m.pclip")
    let converted = try Tool.run(
      "convert", source, "-o", bundle, "--activation", "gelu", "--heads", "1", "--pooling", "highest",
      "--preprocess", "openai", "--tokenizer", "none", "--tower", tower, "--no-measure")
    #expect(converted.status == 0, "\(converted.error)")
    let verified = try Tool.run("verify", bundle, "--against", source)
    #expect(verified.status == 0 && verified.error.contains("come from the bundle"), "\(verified.error)")
    let contradicted = try Tool.run("verify", bundle, "--against", source, "--activation", "quickgelu")
    #expect(contradicted.status == 1, "\(contradicted.output)")
  }

  /// The events of a conversion's output: created, written, measured, named and closed.
  @Test("Killed at any step, a conversion leaves a complete file or none under the output's name")
  func killed() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("out.pclip")
    var isEnded = false
    var rounds = 0
    while !isEnded {
      let events = try FolderEvents(folder, IN_CREATE, IN_OPEN, IN_MODIFY, IN_MOVED_TO, IN_CLOSE_WRITE)
      let (process, pipe, _) = try Tool.start([
        "convert", Self.mini, "-o", output, "--force", "--precision", "int8",
      ])
      for _ in 0...rounds where !isEnded { isEnded = events.nextStep(of: pipe) == nil }
      rounds += 1
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if FileManager.default.fileExists(atPath: output) {
        #expect(try Tool.run("verify", output).status == 0)
      }
    }
    #expect(rounds > 5)
    #expect(try Tool.run("convert", Self.mini, "-o", output, "--force").status == 0)
    #expect(folder.names == ["out.pclip"])
  }
}
