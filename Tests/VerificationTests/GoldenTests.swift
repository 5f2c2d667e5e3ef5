import Architecture
import BundleFormat
import Checkpoints
import Foundation
import Models
import ReferenceForward
import TestSupport
import Testing
import Verification

/// Compares with the results of the original implementations (`Fixtures/**/make_goldens*`).
@Suite("Golden files") struct GoldenTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var checkpoint: String
    var golden: String
    var testDescription: String { checkpoint }

    static let all = [
      Case(checkpoint: "valid/vit-torchscript-1.7.pt", golden: "valid/vit.golden.safetensors"),
      Case(checkpoint: "valid/vit-hugging-face", golden: "valid/vit.golden.safetensors"),
      Case(checkpoint: "valid/rn-torchscript-1.7.pt", golden: "valid/rn.golden.safetensors"),
      Case(checkpoint: "valid/head-80-open-clip", golden: "valid/head-80.golden.safetensors"),
      Case(checkpoint: "minis/mini-vit.pt", golden: "minis/goldens/mini-vit.safetensors"),
      Case(checkpoint: "minis/mini-rn.pt", golden: "minis/goldens/mini-rn.safetensors"),
      Case(checkpoint: "valid/vit-clip-cpp-f16.gguf", golden: "valid/vit.golden.safetensors"),
      Case(checkpoint: "valid/sigmoid-open-clip", golden: "valid/sigmoid.golden.safetensors"),
      Case(checkpoint: "siglip/hugging-face", golden: "siglip/hugging-face.safetensors"),
      Case(checkpoint: "metaclip2/hugging-face", golden: "metaclip2/hugging-face.safetensors"),
    ]

    func model() throws -> CLIPModel { try CLIPModel(Checkpoint.open(Fixture.url(checkpoint).path)) }
    func goldenFile() throws -> GoldenFile { try GoldenFile(path: Fixture.url(golden).path) }
  }

  @Test("Images that run in two groups have the figures of one group", arguments: ["mini-vit", "mini-rn"])
  func groups(_ name: String) throws {
    let model = try CLIPModel(Checkpoint.open(Fixture.url("minis/\(name).pt").path))
    let golden = try GoldenFile(path: Fixture.url("minis/goldens/\(name).safetensors").path)
    var request = ReferenceRequest(.portable)
    let together = try Verifier.compare(model, with: golden, reference: request)
    request.mostValues = 1
    #expect(try Verifier.compare(model, with: golden, reference: request) == together)
    #expect(together.image?.metrics.probes == 8)
  }

  @Test("The reference is within twice PyTorch's own FP32 error of float64", arguments: Case.all)
  func reference(_ item: Case) throws {
    let report = try Verifier.compare(item.model(), with: item.goldenFile(), reference: .underTest)
    #expect(report.verdict == .pass, "\(report.rendered)")
    let towers = [report.image, report.text].compactMap { $0 }
    #expect(towers.count == 2 && towers.allSatisfy { $0.original != nil && $0.stages.count >= 3 })
    for stage in towers.flatMap(\.stages) {
      #expect(stage.error < Self.stageTolerance, "\(stage.stage)")
    }
  }

  /// FP32 rounding through a dozen operations; goldens store stages in FP32.
  private static let stageTolerance = 1e-5

  @Test("An FP32 bundle in the runtime meets the same bound", arguments: Case.all)
  func bundle(_ item: Case) throws {
    let report = try VerificationSubject.withBundle(of: item.model(), .fp32) {
      try Verifier.compare(OpenBundle(path: $0), with: item.goldenFile())
    }
    #expect(report.verdict == .pass, "\(report.rendered)")
  }

  @Test("Faults also fail against a golden file, at the right block")
  func mutants() throws {
    let item = Case.all[4]
    let (model, golden) = (try item.model(), try item.goldenFile())
    let swapped = try model.changing(
      "visual.transformer.resblocks.1.attn.in_proj_weight", Mutation.swapsQueriesAndKeys)
    let report = try Verifier.compare(swapped, with: golden, reference: .underTest)
    #expect(report.verdict == .fail)
    #expect(report.image?.divergence?.stage == "visual.transformer.resblocks.1", "\(report.rendered)")
    let other = try Verifier.compare(
      VerificationSubject.miniViT(activation: .gelu), with: golden, reference: .underTest)
    #expect(other.verdict == .fail)
    #expect(other.text?.divergence?.stage == "transformer.resblocks.0", "\(other.rendered)")
  }

  @Test("A golden file of another model is an error, and so is a file that is not one")
  func wrongGolden() throws {
    let golden = try Case.all[0].goldenFile()
    #expect(throws: VerificationError.self) {
      try Verifier.compare(Case.all[4].model(), with: golden, reference: .underTest)
    }
    let error = #expect(throws: VerificationError.self) {
      try GoldenFile(path: Fixture.url("valid/vit.safetensors").path)
    }
    #expect(error?.description.contains("golden.version") == true)
  }
}
