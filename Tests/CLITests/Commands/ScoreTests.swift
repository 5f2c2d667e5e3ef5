import Foundation
import TestSupport
import Testing

/// A checkpoint with a bias, from its files to the percentages of `classify`.
@Suite("Scores of classify") struct ScoreTests {
  /// FP32 vectors and their cosines, times a scale of 12, compared with open_clip's float64.
  private static let tolerance = 1e-6

  private let folder: TemporaryFolder
  private let golden: [String: Any]

  init() throws {
    folder = try TemporaryFolder()
    golden = try jsonObject(Fixture.data("score/mini-vit.json"))
  }

  /// The trained mini as open_clip saves a model with a bias.
  private func checkpoint() throws -> String {
    let path = folder.file("biased")
    let outcome = try Tool.run(
      "export", Tool.fixture("minis/mini-vit.pt"), "--to", "open-clip", "--precision", "fp32", "-o", path)
    try #require(outcome.status == 0, "\(outcome.error)")
    let config = URL(filePath: "\(path)/open_clip_config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    let stated = text.replacing(#""quick_gelu": true"#, with: #""quick_gelu": true, "init_logit_bias": -4"#)
    try #require(stated != text)
    try stated.write(to: config, atomically: true, encoding: .utf8)
    let weights = URL(filePath: "\(path)/open_clip_model.safetensors")
    try Self.biased(
      Data(contentsOf: weights), scale: number("logit_scale"), bias: number("logit_bias")
    ).write(to: weights)
    return path
  }

  private func number(_ key: String) throws -> Float { Float(try #require(golden[key] as? Double)) }

  /// The safetensors file with another scale, and a bias after all tensors.
  private static func biased(_ file: Data, scale: Float, bias: Float) throws -> Data {
    var parts = try SafetensorsParts(file)
    let entry = try #require(parts.header["logit_scale"] as? [String: Any])
    let first = try #require(entry["data_offsets"] as? [Int])[0]
    withUnsafeBytes(of: scale) { parts.tensors.replaceSubrange(first..<first + 4, with: $0) }
    let offsets = [parts.tensors.count, parts.tensors.count + 4]
    parts.header["logit_bias"] = ["dtype": "F32", "shape": [Int](), "data_offsets": offsets] as [String: Any]
    withUnsafeBytes(of: bias) { parts.tensors.append(contentsOf: $0) }
    return try parts.file()
  }

  /// Compares the probabilities that `classify` prints with those of a library.
  private static func expectProbabilities(_ golden: [String: Any], of bundle: String) throws {
    let expected = try #require(golden["probabilities"] as? [String: [Double]])
    let labels = try #require(golden["labels"] as? [String])
    let template = try #require(golden["template"] as? String)
    let images = expected.keys.sorted()
    let outcome = try Tool.run(
      ["classify", "-m", bundle, "--json", "--template", template] + labels.flatMap { ["--label", $0] }
        + images.map { Tool.fixture("minis/images/\($0)") })
    try #require(outcome.status == 0, "\(outcome.error)")
    let output = try outcome.json()
    #expect(output["score_kind"] as? String == "sigmoid")
    let found = try #require(output["images"] as? [[String: Any]])
    #expect(found.count == images.count)
    for (image, name) in zip(found, images) {
      let rows = try #require(image["labels"] as? [[String: Any]])
      #expect(rows.count == labels.count)
      for (label, truth) in zip(labels, expected[name] ?? []) {
        let row = rows.first { $0["label"] as? String == label }
        let probability = try #require(row?["probability"] as? Double)
        #expect(abs(probability - truth) <= tolerance, "\(name), \(label)")
      }
    }
  }

  @Test("A SigLIP is classified with transformers' probabilities, texts by its own tokenizer")
  func sigLIP() throws {
    let bundle = folder.file("siglip.pclip")
    let converted = try Tool.run(
      "convert", Tool.fixture("minis/mini-siglip"), "-o", bundle, "--precision", "fp32", "--no-measure")
    try #require(converted.status == 0, "\(converted.error)")
    try Self.expectProbabilities(jsonObject(Fixture.data("siglip/probabilities.json")), of: bundle)
  }

  @Test("A checkpoint with a bias is classified with open_clip's probabilities, each label separately")
  func classify() throws {
    let bundle = folder.file("m.pclip")
    let converted = try Tool.run(
      "convert", try checkpoint(), "-o", bundle, "--precision", "fp32", "--no-measure")
    try #require(converted.status == 0, "\(converted.error)")
    try Self.expectProbabilities(golden, of: bundle)
    let info = try Tool.run("info", bundle)
    #expect(info.output.contains("logit bias    -4.0000, of a sigmoid"), "\(info.output)")
    let unbiased = folder.file("unbiased.pclip")
    _ = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", unbiased, "--no-measure")
    #expect(try space(bundle) == space(unbiased))
    let image = Tool.fixture("minis/images/tractor-14.jpg")
    let mixed = ["--text-model", unbiased, "--label", "a", "--label", "b"]
    let refused = try Tool.run(["classify", "-m", bundle, image] + mixed)
    #expect(refused.status == 65 && refused.error.contains("two kinds of score"), "\(refused.error)")
  }

  private func space(_ bundle: String) throws -> String {
    let bundle = try Tool.run("info", bundle, "--json").json()["bundle"] as? [String: Any]
    return try #require(bundle?["space_id"] as? String)
  }
}
