import Architecture
import BundleFormat
import Checkpoints
import Foundation
import Models
import PocketCLIP
import TestSupport
import Testing
import TokenizerFiles
import Verification

/// SigLIP's towers, on a small model that transformers and open_clip wrote (`Fixtures/siglip/make_siglip.py`).
@Suite("SigLIP") struct SigLIPTests {
  private static let folder = "siglip/hugging-face"

  @Test(
    "transformers' configuration states every setting, and pixels beyond the last patch count as image size")
  func settings() throws {
    let architecture = try Self.huggingFace().architecture
    let (image, text) = (try #require(architecture.image), try #require(architecture.text))
    #expect(
      image.imageSize == 34 && image.tokenCount == 16 && image.outputWidth == 72 && image.outputsEmbedding)
    #expect(image.activation == .geluTanh && image.heads == 3 && image.epsilon == 1e-6)
    #expect(image.pool == .probe(ProbePool(heads: 3, mlpWidth: 136)))
    #expect(text.pooling == .last && !text.isCausal && text.attendsPads && text.hasProjectionBias)
    #expect(text.stack.activation == .geluTanh && text.stack.heads == 2 && text.contextLength == 16)
  }

  @Test("An image size that the positions do not tell is listed with its source")
  func imageSize() throws {
    let inspection = try ModelInspection(Checkpoint.open(Fixture.url(Self.folder).path))
    let decision = try #require(inspection.decisions.first { $0.field == "image.size" })
    #expect(decision.value == "34" && decision.source == .configuration)
  }

  @Test("open_clip's file holds the same tensors under timm's names")
  func names() throws {
    let (one, other) = (try Self.huggingFace(), try Self.openCLIP())
    #expect(one.schema.parameters.map(\.name) == other.schema.parameters.map(\.name))
    for parameter in one.schema.parameters where parameter.tower != nil {
      #expect(try one.values(of: parameter) == other.values(of: parameter), "\(parameter.name)")
    }
  }

  @Test("open_clip's vectors, with erf GELU, are met like transformers', with the tanh approximation")
  func openCLIPVectors() throws {
    let golden = try GoldenFile(path: Fixture.url("siglip/open-clip.safetensors").path)
    let report = try Verifier.compare(Self.openCLIP(), with: golden, reference: .underTest)
    #expect(report.verdict == .pass, "\(report.rendered)")
    let other = try Verifier.compare(
      Self.openCLIP(activation: .geluTanh), with: golden, reference: .underTest)
    #expect(other.verdict == .fail)
  }

  /// int8 rounds a model of random weights and 72 channels worse than a trained one: bounds of ViTs apply on the probes
  /// that `convert` measures, not on this golden's noise.
  @Test(
    "An int8 bundle, whose pool multiplies two-byte activations, stays close",
    arguments: [Model.Arithmetic.fast, .exact])
  func int8(_ arithmetic: Model.Arithmetic) throws {
    let golden = try GoldenFile(path: Fixture.url(Self.folder + ".safetensors").path)
    try VerificationSubject.withBundle(of: Self.huggingFace(), .int8) { path in
      let report = try Verifier.compare(OpenBundle(path: path), arithmetic: arithmetic, with: golden)
      #expect(try #require(report.image).metrics.worstCosine > 0.9995, "\(report.rendered)")
      #expect(try #require(report.text).metrics.worstCosine > 0.9995, "\(report.rendered)")
    }
  }

  /// A folder with its tokenizer, and a golden file with texts and their ids.
  struct Folder: Sendable, CustomTestStringConvertible {
    var path: String
    var golden: String
    var rules: PublishedRules?

    var testDescription: String { golden }

    static let all = [
      Folder(path: "siglip/siglip-tokenizer", golden: "siglip/siglip-tokenizer.safetensors"),
      Folder(
        path: "siglip/siglip2-tokenizer", golden: "siglip/siglip2-tokenizer.safetensors", rules: .pipeline),
      Folder(
        path: "siglip/siglip2-tokenizer", golden: "siglip/siglip2-tokenizer-lowercase.safetensors",
        rules: .siglip2),
      Folder(path: "minis/mini-siglip", golden: "minis/goldens/mini-siglip.safetensors"),
    ]

    func model() throws -> CLIPModel {
      var options = ModelOptions()
      options.textRules = rules
      return try CLIPModel(Checkpoint.open(Fixture.url(path).path), options: options)
    }

    func goldenFile() throws -> GoldenFile { try GoldenFile(path: Fixture.url(golden).path) }
  }

  @Test(
    "Texts have the ids of the original's tokenizer, in the reference and in a bundle", arguments: Folder.all)
  func texts(_ folder: Folder) throws {
    let (model, golden) = (try folder.model(), try folder.goldenFile())
    let report = try Verifier.compare(model, with: golden, reference: .underTest)
    #expect(report.verdict == .pass && report.inputs?.tokenizer?.status == .equal, "\(report.rendered)")
    try VerificationSubject.withBundle(of: model, .fp16) { path in
      let report = try Verifier.compare(OpenBundle(path: path), with: golden)
      #expect(report.verdict == .pass && report.inputs?.tokenizer?.status == .equal, "\(report.rendered)")
    }
  }

  @Test("The other rules of SigLIP 2 give other ids, which verification names")
  func otherRules() throws {
    let folder = Folder(
      path: "siglip/siglip2-tokenizer", golden: "siglip/siglip2-tokenizer.safetensors", rules: .siglip2)
    let report = try Verifier.compare(folder.model(), with: folder.goldenFile(), reference: .underTest)
    #expect(report.verdict == .fail && report.inputs?.tokenizer?.differing == 6, "\(report.rendered)")
  }

  @Test("A bundle of a bundle keeps the tokenizer")
  func again() throws {
    let folder = Folder.all[0]
    try VerificationSubject.withBundle(of: folder.model(), .fp16) { path in
      let (first, again) = (try folder.model(), try CLIPModel(Checkpoint.open(path)))
      #expect(again.tokenizer == first.tokenizer && again.tokenizer != .none)
      let header = try OpenBundle(path: path).header
      try VerificationSubject.withBundle(of: again, .fp16) { other in
        let rewritten = try OpenBundle(path: other).header
        #expect(rewritten.description.tokenizerID == header.description.tokenizerID)
      }
    }
  }

  private static func huggingFace() throws -> CLIPModel {
    try CLIPModel(Checkpoint.open(Fixture.url(folder).path))
  }

  private static func openCLIP(activation: Activation = .gelu) throws -> CLIPModel {
    var options = ModelOptions()
    options.activation = PerTower(image: activation, text: activation)
    options.heads = PerTower(image: 3, text: 2)
    options.preprocessing = .openAI
    return try CLIPModel(
      Checkpoint.open(Fixture.url("siglip/open-clip/open_clip_model.safetensors").path), options: options)
  }
}
