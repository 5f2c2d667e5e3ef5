import Architecture
import BundleFormat
import Models
import PocketCLIP
import TestSupport
import Testing
import Verification

/// Tests the verifier with faults that it must detect: each common fault fails, and the report names the block that
/// has it.
@Suite("Mutants compared with their source") struct MutantTests {
  @Test("Another activation fails at the first block of each tower")
  func activation() throws {
    let model = try VerificationSubject.miniViT()
    let report = try compare(VerificationSubject.miniViT(activation: .gelu), with: model)
    #expect(report.verdict == .fail)
    #expect(report.image?.divergence?.stage == "visual.transformer.resblocks.0", "\(report.rendered)")
    #expect(report.text?.divergence?.stage == "transformer.resblocks.0", "\(report.rendered)")
    #expect(report.settings?.map(\.field) == ["image.activation", "text.activation"])
    #expect(
      report.reasons.contains { $0.hasPrefix("setting image.activation: gelu, quick_gelu in the source (") },
      "\(report.reasons)")
    #expect(report.weights == [])
  }

  @Test("A setting that no built-in image shows fails all the same")
  func unseenSetting() throws {
    let model = try VerificationSubject.miniViT()
    let report = try compare(VerificationSubject.miniViT { $0.conversion = .beforeResize }, with: model)
    #expect(report.verdict == .fail && report.image?.metrics.worstCosine ?? 0 > 0.9999999)
    #expect(report.settings?.map(\.field) == ["preprocess.conversion"], "\(report.rendered)")
  }

  @Test("Of a tower that diverges, the report lists every stage: cosine, largest difference, SQNR")
  func layers() throws {
    let model = try VerificationSubject.miniViT()
    let report = try compare(VerificationSubject.miniViT(activation: .gelu), with: model)
    let stages = try #require(report.image?.stages)
    for stage in stages {
      #expect(report.lines.contains { $0.contains(" \(stage.stage) ") }, "\(report.rendered)")
      let cosine = try #require(stage.worstCosine)
      #expect(stage.maximumAbsolute ?? -1 >= 0 && cosine <= 1 + 1e-12)
      // |a − b|² ≥ |b|² (1 − cos²), whatever the length of a.
      #expect(1 - cosine * cosine <= stage.error * stage.error + 1e-9, "\(stage)")
    }
  }

  @Test(
    "Queries and keys swapped in one block fail there",
    arguments: [
      "visual.transformer.resblocks.0", "visual.transformer.resblocks.1", "transformer.resblocks.1",
    ])
  func queriesAndKeys(_ block: String) throws {
    let model = try VerificationSubject.miniViT()
    let mutant = try model.changing(block + ".attn.in_proj_weight", Mutation.swapsQueriesAndKeys)
    let report = try compare(mutant, with: model)
    #expect(report.verdict == .fail)
    let divergence = block.hasPrefix("visual") ? report.image?.divergence : report.text?.divergence
    #expect(divergence?.stage == block, "\(report.rendered)")
    #expect(report.weights?.map(\.tensor) == [block + ".attn.in_proj_weight"])
  }

  @Test(
    "A square projection transposed fails at the projection", arguments: ["visual.proj", "text_projection"])
  func projection(_ name: String) throws {
    let model = try VerificationSubject.squareProjections()
    let report = try compare(model.changing(name, Mutation.transposes), with: model)
    #expect(report.verdict == .fail)
    let divergence = name == "visual.proj" ? report.image?.divergence : report.text?.divergence
    #expect(divergence?.stage == name, "\(report.rendered)")
  }

  @Test("A crop shifted by one fails before the model, at preprocessing")
  func crop() throws {
    let model = try VerificationSubject.miniViT()
    let report = try compare(VerificationSubject.miniViT(crop: .down), with: model)
    #expect(report.verdict == .fail)
    #expect(report.image?.divergence?.stage == "preprocessing", "\(report.rendered)")
    #expect(report.text?.divergence == nil)
  }

  @Test(
    "One int8 scale doubled fails at its block, with its tensor",
    arguments: [
      ("visual.transformer.resblocks.1.mlp.c_proj.weight", "visual.transformer.resblocks.1"),
      ("visual.transformer.resblocks.2.attn.out_proj.weight", "visual.transformer.resblocks.2"),
      ("transformer.resblocks.0.mlp.c_proj.weight", "transformer.resblocks.0"),
      ("visual.proj", "visual.proj"),
    ])
  func scale(_ tensor: String, _ stage: String) throws {
    let model = try VerificationSubject.miniViT()
    let report = try VerificationSubject.withBundle(of: model, .int8) { path in
      try Mutation.doubleLargestScale(of: tensor, inBundleAt: path)
      return try Verifier.compare(
        OpenBundle(path: path), arithmetic: .exact, with: model, reference: .underTest)
    }
    #expect(report.verdict == .fail)
    let divergence = tensor.hasPrefix("visual") ? report.image?.divergence : report.text?.divergence
    #expect(divergence?.stage == stage, "\(report.rendered)")
  }

  @Test(
    "One wrong value of a stored tensor fails, however small: what rounding leaves is known",
    arguments: [(Precision.fp32, 1e-6), (.fp16, 1e-3), (.int8, 1e-2)] as [(Precision, Float)])
  func oneValue(_ precision: Precision, _ change: Float) throws {
    let model = try VerificationSubject.miniViT()
    let mutant = try model.changing("transformer.resblocks.0.mlp.c_fc.weight") { values, _ in
      values[1000] += change
    }
    let report = try VerificationSubject.withBundle(of: mutant, precision) {
      try Verifier.compare(OpenBundle(path: $0), with: model, reference: .underTest)
    }
    #expect(report.verdict == .fail, "\(report.rendered)")
    #expect(report.weights?.map(\.tensor) == ["transformer.resblocks.0.mlp.c_fc.weight"])
    #expect(report.weights?.first?.cause == "one value", "\(report.rendered)")
    #expect(report.text?.divergence == nil, "rounding is no divergence: \(report.rendered)")
  }

  @Test("A ResNet's keys and values swapped in attention pooling fail there")
  func attentionPooling() throws {
    let model = try VerificationSubject.miniResNet()
    let values = try model.values(of: #require(model.parameter("visual.attnpool.v_proj.weight")))
    let mutant = try model.changing("visual.attnpool.k_proj.weight") { keys, _ in keys = values }
    let report = try compare(mutant, with: model)
    #expect(report.verdict == .fail)
    #expect(report.image?.divergence?.stage == "visual.attnpool", "\(report.rendered)")
  }

  @Test("A ResNet's shortcut scaled fails at its bottleneck")
  func shortcut() throws {
    let model = try VerificationSubject.miniResNet()
    let mutant = try model.changing("visual.layer3.0.downsample.1.weight") { gains, _ in
      for index in gains.indices { gains[index] *= 2 }
    }
    let report = try compare(mutant, with: model)
    #expect(report.verdict == .fail)
    #expect(report.image?.divergence?.stage == "visual.layer3.0", "\(report.rendered)")
  }

  private func compare(_ mutant: CLIPModel, with model: CLIPModel) throws -> Report {
    try VerificationSubject.withBundle(of: mutant, .fp32) {
      try Verifier.compare(OpenBundle(path: $0), with: model, reference: .underTest)
    }
  }
}

extension CLIPModel {
  fileprivate func parameter(_ name: String) -> Parameter? {
    parameter(ParameterName(utf8: Array(name.utf8)))
  }
}
