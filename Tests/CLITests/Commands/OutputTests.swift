import Foundation
import TestSupport
import Testing

@Suite("Outputs of commands") struct OutputTests {
  static let mini = Tool.fixture("minis/mini-vit.pt")
  static let image = Tool.fixture("minis/images/red-apple-00.jpg")

  @Test("The input checkpoint is never replaced, even with --force")
  func sourceIsKept() throws {
    let folder = try TemporaryFolder()
    let weights = try Data(contentsOf: URL(filePath: Self.mini))
    let source = try folder.write(weights, to: "mine")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link.pt"), withDestinationPath: folder.file("mine"))
    for path in [source, folder.file("link.pt")] {
      let outcome = try Tool.run("convert", path, "-o", source, "--force")
      #expect(outcome.status == 73 && outcome.error.contains("an input of this command"), "\(outcome.error)")
    }
    #expect(try Data(contentsOf: URL(filePath: source)) == weights)
  }

  @Test("embed never replaces its bundle or an input image, even with --force")
  func inputsOfEmbedAreKept() throws {
    let folder = try TemporaryFolder()
    // The content identifies the file, not its name.
    let bundle = folder.file("m.safetensors")
    #expect(try Tool.run("convert", Self.mini, "-o", folder.file("m"), "--no-measure").status == 0)
    try FileManager.default.moveItem(atPath: folder.file("m"), toPath: bundle)
    let image = try folder.write(
      Data(contentsOf: URL(filePath: Tool.fixture("minis/images/alarm-clock-00.jpg"))), to: "clock.npy")
    for output in [bundle, image] {
      let before = try Data(contentsOf: URL(filePath: output))
      let outcome = try Tool.run("embed", "-m", bundle, image, "-o", output, "--force")
      #expect(outcome.status == 73 && outcome.error.contains("an input of this command"), "\(outcome.error)")
      #expect(try Data(contentsOf: URL(filePath: output)) == before)
    }
  }

  @Test("A pipe or a device is never replaced by a file")
  func pipeIsKept() throws {
    let folder = try TemporaryFolder()
    let pipes = ["pipe", "pipe.npy", "v.npy.rows.jsonl"].map(folder.file)
    for pipe in pipes { try #require(mkfifo(pipe, 0o600) == 0) }
    let bundle = folder.file("m.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle).status == 0)
    let converted = try Tool.run("convert", Self.mini, "-o", pipes[0], "--force")
    let embedded = try Tool.run("embed", "-m", bundle, "--text", "a", "-o", pipes[1], "--force")
    let rows = try Tool.run("embed", "-m", bundle, "--text", "a", "-o", folder.file("v.npy"), "--force")
    for outcome in [converted, embedded, rows] {
      #expect(outcome.status == 73 && outcome.error.contains("a device or a pipe"), "\(outcome.error)")
    }
    #expect(folder.names == ["m.pclip", "pipe", "pipe.npy", "v.npy.rows.jsonl"])
  }

  @Test("`-` and an empty text are not file names", arguments: ["-", "", "/dev/stdout", "/dev/fd/1"])
  func noName(_ name: String) throws {
    #expect(try Tool.run("convert", Self.mini, "-o", name).status == 64)
    #expect(try Tool.run("embed", "-m", "m.pclip", "--text", "a", "-o", name).status == 64)
  }

  @Test(
    "Every command that writes rejects a file extension of another format",
    arguments: [
      (["convert"], "m.onnx", "m.pclip"), (["convert"], "m.safetensors", "m.pclip"),
      (["export", "--to", "safetensors"], "a/m.v2.pclip", "a/m.v2.safetensors"),
      (["export", "--to", "onnx"], "m.onnx", "give -o m"),
      (["export", "--to", "huggingface"], "m.bin", "give -o m"),
      (["embed", "-m", "m.pclip", "--text", "a"], "x.onnx", "-o x.safetensors or -o x.npy"),
      (["embed", "-m", "m.pclip", "--text", "a"], "v1.5", "-o v1.safetensors or -o v1.npy"),
    ])
  func otherEnding(_ command: [String], _ name: String, _ remedy: String) throws {
    let source = command[0] == "embed" ? [] : [Self.mini]
    let outcome = try Tool.run(command + source + ["-o", name])
    #expect(outcome.status == 64 && outcome.error.contains(remedy), "\(outcome.error)")
  }

  @Test("A folder is not a file name", arguments: ["out/", ".", "a/.."])
  func folderName(_ name: String) throws {
    for command in [["convert", Self.mini], ["embed", "-m", "m.pclip", "--text", "a"]] {
      let outcome = try Tool.run(command + ["-o", name])
      #expect(outcome.status == 64 && outcome.error.contains("that is a folder"), "\(outcome.error)")
    }
  }

  @Test(
    "A signal ends export with the shell's status for it, and nothing remains",
    arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
  func interruptedExport(_ signal: Int32, _ status: Int32) throws {
    let folder = try TemporaryFolder()
    let events = try FolderEvents(folder, IN_CREATE)
    let (process, output, _) = try Tool.start(
      ["export", "synthetic:ViT-B-32", "--to", "huggingface", "-o", folder.file("out")])
    #expect(events.next(of: output)?.name == ".out.pclip-partial")
    #expect(folder.names == [".out.pclip-partial"])
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == status)
    #expect(folder.names.isEmpty)
  }

  @Test(
    "An output that cannot be written is rejected before vectors are computed", arguments: ["", "no/such/"])
  func vectorsRefusedEarly(_ place: String) throws {
    let folder = try TemporaryFolder()
    let kept = try folder.write(Data("mine".utf8), to: "v.safetensors")
    let outcome = try Tool.run(
      "embed", "-m", "/no/such/bundle", Self.image, "-o", folder.file("\(place)v.safetensors"))
    #expect(outcome.status == 73, "\(outcome.error)")
    #expect(try Data(contentsOf: URL(filePath: kept)) == Data("mine".utf8))
    #expect(folder.names == ["v.safetensors"])
  }

  @Test("--force replaces a file of vectors, and no other file remains")
  func vectorsReplace() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("m.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle).status == 0)
    let output = try folder.write(Data("old".utf8), to: "v.safetensors")
    let outcome = try Tool.run("embed", "-m", bundle, Self.image, "--text", "a", "-o", output, "--force")
    #expect(outcome.status == 0 && outcome.error.contains("2 vectors of 64 values"), "\(outcome.error)")
    let bytes = try Data(contentsOf: URL(filePath: output))
    let headerLength = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(bytes.count == 8 + headerLength + 2 * 64 * 4)
    #expect(folder.names == ["m.pclip", "v.safetensors", "v.safetensors.rows.jsonl"])
  }

  @Test("A failing standard output is an error", arguments: [[], ["--json"]])
  func fullStandardOutput(_ options: [String]) throws {
    let command = ["'\(Tool.executable.path())' inspect '\(Self.mini)'"] + options + ["> /dev/full"]
    let outcome = try Tool.runInShell(command.joined(separator: " "))
    #expect(outcome.status == 73 && outcome.error.contains("No space left"), "\(outcome.error)")
  }

  @Test("--no-measure contradicts a required fidelity")
  func demandWithoutMeasure() throws {
    #expect(
      try Tool.run("convert", Self.mini, "-o", "x", "--no-measure", "--min-cosine", "0.9").status == 64)
  }

  @Test("A valid tower is converted although the other is damaged, whose id is then unknown")
  func soundTower() throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(filePath: Tool.fixture("valid/vit.safetensors")))
    let source = try folder.write(try whole.withoutTensor("text_projection"), to: "damaged.safetensors")
    let options = [
      "--activation", "quickgelu", "--heads", "1", "--preprocess", "openai", "--tokenizer", "none",
    ]
    func convert(_ tower: String) throws -> Tool.Outcome {
      try Tool.run(["convert", source, "-o", folder.file(tower), "--tower", tower, "--no-measure"] + options)
    }
    let image = try convert("image")
    #expect(image.status == 0 && image.error.contains("the other tower is not read"), "\(image.error)")
    #expect(image.output.contains(".-\n"), "\(image.output)")
    #expect(try convert("both").status == 65)
  }
}

extension Data {
  /// A safetensors file without one of its tensors.
  fileprivate func withoutTensor(_ name: String) throws -> Data {
    var parts = try SafetensorsParts(self)
    let removed = parts.header.removeValue(forKey: name) as? [String: Any]
    let gap = removed?["data_offsets"] as? [Int] ?? [0, 0]
    for (key, value) in parts.header {
      guard var entry = value as? [String: Any], let offsets = entry["data_offsets"] as? [Int] else {
        continue
      }
      entry["data_offsets"] = offsets.map { $0 > gap[0] ? $0 - (gap[1] - gap[0]) : $0 }
      parts.header[key] = entry
    }
    parts.tensors = parts.tensors.prefix(gap[0]) + parts.tensors.dropFirst(gap[1])
    return try parts.file()
  }
}
