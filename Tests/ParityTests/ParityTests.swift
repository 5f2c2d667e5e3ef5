import Foundation
import Models
import TestSupport
import Testing
import Verification

/// OpenAI's nine variants, full size with synthetic weights, compared with OpenAI's own code in float64
/// (`Fixtures/golden/make_goldens.py`).
@Suite("All variants compared with their goldens", .serialized) struct ParityTests {
  /// One of each family by default; all nine, which take minutes, with POCKETCLIP_PARITY=all (`make parity`).
  /// A profile other than `plain` follows a colon.
  static let variants: [String] =
    ProcessInfo.processInfo.environment["POCKETCLIP_PARITY"] == "all"
    ? [
      "RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336px",
      "ViT-B-32:channels-50", "ViT-B-32:sink", "ViT-B-32:tails", "ViT-L-14:tails",
    ] : ["RN50", "ViT-B-32", "ViT-B-32:tails"]

  /// For unit-norm embeddings, from the project's fidelity bounds.
  private static let maximumAbsoluteBound = 1e-5
  /// As a multiple of PyTorch FP32's own RMS error against the same reference: only the order of summation differs.
  private static let rmsRatioBound = 2.0
  /// Relative error of any stage: FP32 rounding, three to four times the measured error.
  private static let stageBound = 2e-6

  @Test("The reference is as close to float64 as PyTorch", arguments: variants)
  func reference(_ variant: String) throws {
    let file = variant.replacing(":", with: "-")
    let golden = try GoldenFile(path: Fixture.url("golden/\(file).safetensors").path)
    let profile = variant.split(separator: ":").dropFirst().first ?? "plain"
    #expect(golden.weights == "synthetic" && golden.profile == String(profile))
    let report = try Verifier.compare(
      CLIPModel(synthetic: "synthetic:\(variant)"), with: golden, reference: .underTest)
    #expect(report.verdict == .pass, "\(report.rendered)")
    #expect(report.agreement?.fraction == 1)
    for tower in [report.image, report.text] {
      let tower = try #require(tower)
      let original = try #require(tower.original)
      #expect(tower.metrics.probes == 8)
      #expect(tower.metrics.maximumAbsolute <= Self.maximumAbsoluteBound)
      #expect(tower.metrics.rms <= Self.rmsRatioBound * original.rms, "\(report.rendered)")
      for stage in tower.stages { #expect(stage.error <= Self.stageBound, "\(stage.stage)") }
    }
  }

  @Test("Other weights of the same shapes do not pass")
  func otherWeights() throws {
    let golden = try GoldenFile(path: Fixture.url("golden/ViT-B-32.safetensors").path)
    let other = try CLIPModel(synthetic: "synthetic:ViT-B-32:sink")
    let report = try Verifier.compare(other, with: golden, reference: .underTest)
    #expect(report.verdict == .fail)
    #expect(report.image?.divergence != nil)
  }
}
