import Foundation
import TestSupport
import Testing

@Suite("diff") struct DiffTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func export(_ target: String, _ options: String...) throws -> String {
    let path = folder.file(target)
    let outcome = try Tool.run(["export", Self.mini, "--to", target, "-o", path, "-q"] + options)
    try #require(outcome.status == 0, "\(outcome.error)")
    return path
  }

  private func bundle(_ precision: String) throws -> String {
    let path = folder.file("\(precision).pclip")
    let outcome = try Tool.run(
      "convert", Self.mini, "-o", path, "--precision", precision, "--no-measure", "-q")
    try #require(outcome.status == 0, "\(outcome.error)")
    return path
  }

  /// The mini as a safetensors file, after a change of its header and bytes.
  private func changed(_ change: (inout SafetensorsParts) throws -> Void) throws -> String {
    var parts = try SafetensorsParts(Data(contentsOf: URL(filePath: try export("safetensors"))))
    try change(&parts)
    return try folder.write(parts.file(), to: "changed.safetensors")
  }

  @Test(
    "The same weights in another format are one line and status 0", arguments: ["safetensors", "open-clip"])
  func sameWeights(_ target: String) throws {
    let outcome = try Tool.run("diff", Self.mini, try export(target), "-q")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(
      outcome.outputWords.hasPrefix(
        "same weights and settings: all 74 tensors are bit-equal (A: torchscript, B: "))
    #expect(!outcome.outputWords.contains("embeddings"))
  }

  @Test("The Hugging Face export has the same weights and another library's preprocessing: status 1")
  func otherSettings() throws {
    let outcome = try Tool.run("diff", Self.mini, try export("huggingface"), "-q")
    #expect(outcome.status == 1)
    #expect(outcome.outputWords.hasPrefix("different settings, same weights: all 74 tensors are bit-equal"))
    #expect(outcome.outputWords.contains("preprocess.crop: half_to_even"))
    #expect(outcome.outputWords.contains("cause the setting preprocess alone"))
  }

  @Test(
    "Bundles of a checkpoint have its weights, by precision",
    arguments: [
      ("fp32", "same"), ("fp16", "rounded"), ("int8", "quantized"),
    ])
  func bundles(_ precision: String, _ verdict: String) throws {
    let outcome = try Tool.run("diff", Self.mini, try bundle(precision), "--weights-only", "--json")
    #expect(outcome.status == 0)
    let expected = precision == "fp16" ? ["same", "rounded"] : [verdict]
    let found = try #require(try outcome.json()["verdict"] as? String)
    #expect(expected.contains(found))
  }

  @Test("A changed value is status 1, with its tensor, its cause, and every tensor in --json")
  func changedValue() throws {
    let name = "transformer.resblocks.1.mlp.c_fc.weight"
    let other = try changed { parts in
      let entry = try #require(parts.header[name] as? [String: Any])
      let first = try #require(entry["data_offsets"] as? [Int])[0]
      withUnsafeBytes(of: Float(40)) { parts.tensors.replaceSubrange(first..<first + 4, with: $0) }
    }
    let outcome = try Tool.run("diff", Self.mini, other)
    #expect(outcome.status == 1 && outcome.error.contains("does not record come from"), "\(outcome.error)")
    #expect(outcome.outputWords.hasPrefix("different: 1 of 74 tensors differs, 73 are bit-equal"))
    #expect(outcome.outputWords.contains("tensor \(name): relative RMS"))
    #expect(outcome.outputWords.contains("cause \(name) alone"), "\(outcome.output)")
    let json = try Tool.run("diff", other, Self.mini, "--json").json()
    let weights = try #require(json["weights"] as? [String: Any])
    let tensors = try #require(weights["tensors"] as? [[String: Any]])
    #expect(tensors.count == 1 && tensors[0]["changed_count"] as? Int == 1)
    let bisections = try #require(json["bisections"] as? [[String: Any]])
    #expect(bisections.count == 1 && bisections[0]["tower"] as? String == "text")
  }

  @Test("A settings option applies to both files, so that they agree in it")
  func options() throws {
    let outcome = try Tool.run("diff", Self.mini, try export("huggingface"), "--preprocess", "openai", "-q")
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test("The same file twice: a note, and the same weights")
  func sameFile() throws {
    let link = folder.file("link.pt")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Self.mini)
    let outcome = try Tool.run("diff", Self.mini, link)
    #expect(outcome.status == 0 && outcome.error.contains("note: both are "), "\(outcome.error)")
  }

  @Test("What cannot be compared has the status and advice of the reader, on either side")
  func badInput() throws {
    let text = try folder.write(Data("not a model".utf8), to: "notes.txt")
    let nan = try changed { parts in
      let entry = try #require(parts.header["ln_final.bias"] as? [String: Any])
      let first = try #require(entry["data_offsets"] as? [Int])[0]
      withUnsafeBytes(of: Float.nan) { parts.tensors.replaceSubrange(first..<first + 4, with: $0) }
    }
    let bare = try export("safetensors", "--force")
    let damaged = folder.file("damaged.pclip")
    var bytes = try Data(contentsOf: URL(filePath: try bundle("fp32")))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: damaged))
    let cases: [(path: String, status: Int32, text: String)] = [
      (text, 65, "not a checkpoint"), ("/no/such.pt", 66, "no such file"), (nan, 65, "NaN or infinite"),
      (damaged, 65, "hint: "), (Tool.fixture("foreign/paper.pdf"), 65, "a PDF document"),
      (Tool.fixture("valid/refused/coca"), 69, "CoCa"),
      ("synthetic:none", 65, "unknown architecture name"),
    ]
    for (path, status, text) in cases {
      for arguments in [[path, Self.mini], [Self.mini, path]] {
        let outcome = try Tool.run(["diff"] + arguments)
        #expect(outcome.status == status && outcome.error.contains(text), "\(arguments): \(outcome.error)")
        #expect(outcome.output.isEmpty, "\(outcome.output)")
      }
    }
    // Both leave settings open: one error with the options.
    let open = try Tool.run("diff", bare, bare)
    #expect(open.status == 65 && open.error.contains("--activation"), "\(open.error)")
  }

  @Test("Options that have no effect are refused")
  func usage() throws {
    for options in [
      ["--weights-only", "--passes", "20"], ["--passes", "3"], ["--weights-only", "--bisect", "always"],
    ] {
      let outcome = try Tool.run(["diff", Self.mini, Self.mini] + options)
      #expect(outcome.status == 64 && outcome.error.contains("  hint: "), "\(outcome.error)")
    }
  }
}
