import Architecture
import BundleFormat
import Foundation
import Models
import PocketCLIP
import TestSupport
import Testing
import Verification

/// Correct bundles must pass; otherwise a failure would mean nothing.
@Suite("Faithful bundles") struct FaithfulBundleTests {
  @Test("An FP32 bundle computes the same as the reference", arguments: ["vit", "rn"])
  func fp32(_ kind: String) throws {
    let model = try kind == "vit" ? VerificationSubject.miniViT() : VerificationSubject.miniResNet()
    let report = try VerificationSubject.withBundle(of: model, .fp32) {
      try Verifier.compare(OpenBundle(path: $0), with: model, reference: .underTest)
    }
    #expect(report.verdict == .pass, "\(report.rendered)")
    #expect(report.thresholds.name == "fp32" && report.weights == [])
    #expect(report.agreement?.fraction == 1)
  }

  @Test("An FP16 bundle of FP16 weights keeps cosine 0.99999", arguments: ["vit", "rn"])
  func fp16(_ kind: String) throws {
    let model = try kind == "vit" ? VerificationSubject.miniViT() : VerificationSubject.miniResNet()
    let report = try VerificationSubject.withBundle(of: model, .fp16) {
      try Verifier.compare(OpenBundle(path: $0), with: model, reference: .underTest)
    }
    #expect(report.verdict == .pass, "\(report.rendered)")
  }

  @Test(
    "An int8 bundle of the trained mini meets the default bounds of its arithmetic",
    arguments: [Model.Arithmetic.fast, .exact])
  func int8(_ arithmetic: Model.Arithmetic) throws {
    let model = try VerificationSubject.miniViT()
    let report = try VerificationSubject.withBundle(of: model, .int8) {
      try Verifier.compare(OpenBundle(path: $0), arithmetic: arithmetic, with: model, reference: .underTest)
    }
    #expect(report.verdict == .pass, "\(report.rendered)")
    #expect(report.weights == [] && report.thresholds.name == "int8 \(arithmetic)")
  }

  @Test(
    "Comparing both arithmetics at once gives the same reports as each alone, and the reference runs once")
  func bothArithmetics() throws {
    let model = try VerificationSubject.miniViT()
    try VerificationSubject.withBundle(of: model, .int8) { path in
      let together = try Verifier.compare(
        OpenBundle(path: path), demands: [Model.Arithmetic.fast, .exact].map { Demand(arithmetic: $0) },
        with: model,
        reference: .underTest)
      let apart = try [Model.Arithmetic.fast, .exact].map {
        try Verifier.compare(OpenBundle(path: path), arithmetic: $0, with: model, reference: .underTest)
      }
      #expect(together == apart && together.count == 2 && together[0] != together[1])
    }
  }

  @Test("An open bundle is verified in every arithmetic even after its path is gone")
  func opensOnce() throws {
    let model = try VerificationSubject.miniViT()
    try VerificationSubject.withBundle(of: model, .int8) { path in
      let bundle = try OpenBundle(path: path)
      try FileManager.default.removeItem(atPath: path)
      let reports = try Verifier.compare(
        bundle, demands: [Model.Arithmetic.fast, .exact].map { Demand(arithmetic: $0) }, with: model,
        reference: .underTest)
      #expect(reports.map(\.verdict) == [.pass, .pass])
    }
  }

  @Test("A single tower is compared alone, and that is sufficient")
  func oneTower() throws {
    let model = try VerificationSubject.miniViT()
    let half = try CLIPModel(halfOf: model)
    let report = try VerificationSubject.withBundle(of: half, .fp32) {
      try Verifier.compare(OpenBundle(path: $0), with: model, reference: .underTest)
    }
    #expect(report.verdict == .pass && report.text == nil && report.image != nil, "\(report.rendered)")
  }

  @Test("A tower that could not be compared makes the verdict insufficient, never a pass")
  func insufficient() throws {
    let model = try VerificationSubject.miniViT()
    let half = try CLIPModel(halfOf: model)
    let report = try VerificationSubject.withBundle(of: model, .fp32) {
      try Verifier.compare(OpenBundle(path: $0), with: half, reference: .underTest)
    }
    #expect(report.verdict == .insufficient, "\(report.rendered)")
  }
}

extension CLIPModel {
  /// Only the image tower.
  init(halfOf model: CLIPModel) throws {
    let architecture = model.architecture.keeping(image: true, text: false)
    self.init(
      architecture: architecture, preprocessing: model.preprocessing,
      tokenizer: .none, schema: ParameterSchema(architecture, score: nil), accounting: model.accounting,
      source: model.source, store: model.store
    )
  }
}
