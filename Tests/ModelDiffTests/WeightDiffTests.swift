import Architecture
import BundleFormat
import Foundation
import ModelDiff
import Models
import TensorTypes
import TestSupport
import Testing
import TokenizerFiles
import Verification

@Suite("Differences of weights") struct WeightDiffTests {
  /// Complete models named `vit` in Fixtures/valid, which the original libraries saved.
  private static let formats: [String] = {
    struct Sidecar: Decodable {
      var model, towers: String?
      var projection: Bool?
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: Fixture.url("valid").path)) ?? []
    return names.filter { name in
      guard name.hasSuffix(".json"), !name.hasSuffix(".model.json"),
        let sidecar = try? Fixture.decoded("valid/\(name)", as: Sidecar.self)
      else { return false }
      return sidecar.model == "vit" && sidecar.towers == "both" && sidecar.projection == true
        && !name.hasPrefix("vit-hub-cache") && !name.hasPrefix("vit-calibrated")
        && !name.hasPrefix("vit-clip-cpp")
    }.map { String($0.dropLast(".json".count)) }.sorted()
  }()

  @Test("Tokenizers with other text rules differ in tokenizer.id")
  func textRules() throws {
    func model(_ rules: PublishedRules) throws -> CLIPModel {
      try DiffSubject.model("siglip/siglip2-tokenizer") { $0.textRules = rules }
    }
    let report = try DiffSubject.report(model(.pipeline), model(.siglip2))
    #expect(report.settings.map(\.field) == ["tokenizer.id"])
    #expect(try DiffSubject.report(model(.siglip2), model(.siglip2)).settings.isEmpty)
  }

  @Test("A model has the same weights in every format that a library saved it in")
  func formats() throws {
    #expect(Self.formats.count >= 20)
    let first = try DiffSubject.tiny("vit-torchscript-1.7.pt")
    for name in Self.formats {
      let report = try DiffSubject.report(first, DiffSubject.tiny(name))
      let weights = report.weights
      #expect(
        weights.haveSameNames && weights.differences.isEmpty, "\(name): \(weights.differences.map(\.name))")
      #expect(weights.equalCount == first.schema.parameters.count, "\(name)")
      #expect(report.settings.isEmpty && report.verdict == .same, "\(name): \(report.settings)")
    }
    // clip.cpp's converter leaves the logit scale out.
    let scaleless = try DiffSubject.report(first, DiffSubject.tiny("vit-clip-cpp-f16.gguf"))
    #expect(scaleless.weights.onlyInA == ["logit_scale"] && scaleless.settings.map(\.field) == ["score.kind"])
    #expect(scaleless.weights.differences.isEmpty && scaleless.verdict == .different)
  }

  @Test("A tensor is reported under its canonical name and its name in each file")
  func names() throws {
    let report = try DiffSubject.report(
      DiffSubject.tiny("vit-hugging-face"),
      DiffSubject.tiny("vit-torchscript-1.7.pt").changing(["visual.conv1.weight"]) { $0[0] += 1 }
    ) { $0.comparesEmbeddings = false }
    let tensor = try #require(report.weights.differences.first)
    #expect(tensor.name == "visual.conv1.weight" && tensor.nameInB == nil)
    #expect(tensor.nameInA == "vision_model.embeddings.patch_embedding.weight")
    #expect(tensor.changedCount == 1 && report.weights.differences.count == 1)
  }

  @Test(
    "A changed tensor has NumPy's relative RMS, largest difference and number of changed values",
    arguments: [
      "transformer.resblocks.1.mlp.c_fc.weight", "transformer.resblocks.0.attn.in_proj_weight",
      "ln_final.weight",
    ])
  func changedTensor(_ name: String) throws {
    let expected = try #require(try ExpectedDiff.read().tensors[name])
    let model = try DiffSubject.miniViT()
    let report = try DiffSubject.report(model, model.changing([name], storedAs: .f32, DiffSubject.scaled)) {
      $0.comparesEmbeddings = false
    }
    let tensor = try #require(report.weights.differences.first)
    #expect(report.weights.differences.count == 1 && tensor.name == name && tensor.relation == .different)
    // Sums of 16,384 squares in FP64, in another order.
    #expect(abs((tensor.relativeRMS ?? 0) - expected.relative) < 1e-12)
    #expect(
      tensor.maximumAbsolute == expected.maximum && tensor.changedCount == expected.changed)
    #expect(report.verdict == .different)
  }

  @Test(
    "Values that agree after rounding to BF16 are the same weights, and one that does not is a difference")
  func roundedTypes() throws {
    let model = try DiffSubject.miniViT()
    let truncated = model.changingAll(storedAs: .bf16) { _, values in
      for index in values.indices { values[index] = Self.bf16(values[index]) }
    }
    // A's FP32 tensors are exact in the file; its FP16 ones have eleven bits.
    let report = try DiffSubject.report(model, truncated) { $0.comparesEmbeddings = false }
    #expect(report.verdict == .rounded && report.weights.count(.different) == 0)
    #expect(report.weights.count(.rounded) > 50)
    let wrong = truncated.changing(["ln_final.weight"], storedAs: .bf16) { values in
      for index in values.indices { values[index] = Self.bf16(values[index]) * 1.25 }
    }
    let other = try DiffSubject.report(model, wrong) { $0.comparesEmbeddings = false }
    #expect(other.verdict == .different)
    #expect(other.weights.differences.filter { $0.relation == .different }.map(\.name) == ["ln_final.weight"])
  }

  /// Half to even, as PyTorch rounds.
  private static func bf16(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
  }

  @Test("An FP16 bundle has the same weights as its source after rounding, and an FP32 bundle in every bit")
  func bundles() throws {
    let model = try DiffSubject.miniViT()
    try DiffSubject.withBundle(of: model, .fp32) { bundle in
      let report = try DiffSubject.report(model, bundle)
      #expect(report.verdict == .same)
    }
    // The mini's matrices are exact in FP16.
    let finer = model.changing(["token_embedding.weight", "visual.proj"], storedAs: .f32) { values in
      for index in values.indices { values[index] *= 1.0001 }
    }
    try DiffSubject.withBundle(of: finer, .fp16) { bundle in
      let report = try DiffSubject.report(finer, bundle)
      #expect(report.verdict == .rounded && report.weights.idsAgree == [.image: true, .text: true])
      #expect(Set(report.weights.differences.map(\.name)) == ["token_embedding.weight", "visual.proj"])
      #expect(report.embeddings.allSatisfy { $0.metrics.worstCosine > 0.999999 } && report.bisections.isEmpty)
    }
  }

  @Test("An int8 bundle has the weights of its source, and of an FP16 bundle of that source")
  func quantized() throws {
    let model = try DiffSubject.miniViT()
    try DiffSubject.withBundle(of: model, .int8) { bundle in
      let report = try DiffSubject.report(model, bundle)
      #expect(report.verdict == .quantized && report.weights.count(.different) == 0)
      #expect(report.weights.count(.explained) > 10 && report.bisections.isEmpty)
      let images = try #require(report.embeddings.first { $0.tower == .image })
      #expect(images.metrics.worstCosine < 1 && images.metrics.worstCosine > 0.999)
      try DiffSubject.withBundle(of: model, .fp16) { half in
        let both = try DiffSubject.report(half, bundle) { $0.comparesEmbeddings = false }
        #expect(both.verdict == .quantized)
      }
    }
  }

  @Test("An int8 bundle of other weights is different, even if rounding could explain each tensor")
  func otherSource() throws {
    let model = try DiffSubject.miniViT()
    let tuned = model.changing(["transformer.resblocks.1.mlp.c_fc.weight"]) { values in
      // A ten-thousandth of a step.
      values[1000] += 1e-7
    }
    try DiffSubject.withBundle(of: model, .int8) { bundle in
      let report = try DiffSubject.report(tuned, bundle) { $0.comparesEmbeddings = false }
      #expect(report.weights.count(.different) == 0 && report.verdict == .different)
      #expect(report.weights.idsAgree == [.image: true, .text: false])
    }
  }

  @Test("A ResNet's folded BatchNorms in a bundle are equal to the checkpoint's")
  func foldedNorms() throws {
    let model = try DiffSubject.miniResNet()
    try DiffSubject.withBundle(of: model, .fp32) { bundle in
      let report = try DiffSubject.report(model, bundle)
      #expect(report.verdict == .same && report.weights.foldedCount > 5, "\(report.weights.differences)")
      #expect(report.weights.equalCount == model.schema.parameters.count)
      let changed = model.changing(["visual.bn1.running_mean"]) { $0[0] += 0.5 }
      let other = try DiffSubject.report(changed, bundle) { $0.comparesEmbeddings = false }
      #expect(other.weights.differences.map(\.name) == ["visual.bn1.bias"] && other.verdict == .different)
    }
  }

  @Test("A tower that one model lacks is a difference; the other tower is compared")
  func oneTower() throws {
    let (model, text) = (try DiffSubject.miniViT(), try DiffSubject.miniViT { $0.tower = .text })
    let report = try DiffSubject.report(model, text)
    #expect(report.verdict == .different && report.settings.first?.field == "towers")
    #expect(report.weights.onlyInB.isEmpty && report.weights.onlyInA.allSatisfy { $0.hasPrefix("visual.") })
    #expect(report.skipped.map(\.reason) == ["only A has it", "weights and settings are equal"])
    let image = try DiffSubject.miniViT { $0.tower = .image }
    let disjoint = try DiffSubject.report(image, text)
    #expect(disjoint.verdict == .different && disjoint.embeddings.isEmpty)
    #expect(disjoint.skipped.map(\.reason) == ["only A has it", "only B has it"])
  }

  @Test("Models of different architectures: sizes and tensors that differ, no embeddings of that tower")
  func otherArchitecture() throws {
    let report = try DiffSubject.report(DiffSubject.miniViT(), DiffSubject.miniResNet())
    #expect(report.verdict == .different)
    #expect(report.settings.contains { $0.field == "image.kind" && $0.a == "vit" && $0.b == "resnet" })
    #expect(report.weights.onlyInA.contains("visual.class_embedding"))
    #expect(report.weights.onlyInB.contains("visual.attnpool.c_proj.weight"))
    #expect(report.skipped.contains { $0.tower == .image && $0.reason.contains("names or shapes") })
  }

  @Test("A weight that is not a number is an error that names the file and the tensor")
  func notANumber() throws {
    let model = try DiffSubject.miniViT()
    let broken = model.changing(["ln_final.bias"]) { $0[3] = .nan }
    let error = #expect(throws: VerificationError.self) { try DiffRequest(model, broken).report() }
    guard case .model(let error)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error.code == .notFinite && error.tensor == "ln_final.bias")
    #expect(error.file?.hasSuffix("mini-vit.pt") == true)
  }
}
