import Architecture
import BundleFormat
import Models
import TestSupport
import Testing
import Verification

/// Faults of converters that get one tensor wrong: each fails, the report names the tensor and what was done to it, and the
/// first stage that differs is the one that reads it.
@Suite("Mutants of one tensor") struct TensorMutantTests {
  struct Mutant: Sendable, CustomTestStringConvertible {
    var tensor: String
    /// Nil if no embedding depends on it.
    var stage: String?
    /// As the report names it.
    var cause: String
    var change: @Sendable (inout [Float], [Int]) -> Void
    var testDescription: String { "\(tensor): \(cause)" }

    init(
      _ tensor: String, _ stage: String?, _ cause: String,
      _ change: @escaping @Sendable (inout [Float], [Int]) -> Void
    ) {
      (self.tensor, self.stage, self.cause, self.change) = (tensor, stage, cause, change)
    }
  }

  static let ofViT = [
    Mutant(
      "visual.conv1.weight", "visual.ln_pre", "channels in the order blue, green, red", reversesChannels),
    Mutant("visual.class_embedding", "visual.ln_pre", "all zero", zeroes),
    Mutant("visual.positional_embedding", "visual.ln_pre", "rows off by one, towards the start", shiftsRows),
    Mutant("visual.ln_pre.weight", "visual.ln_pre", "all one", becomesOnes),
    Mutant(
      "visual.transformer.resblocks.0.attn.out_proj.bias", "visual.transformer.resblocks.0", "all zero",
      zeroes),
    Mutant(
      "visual.transformer.resblocks.1.mlp.c_fc.bias", "visual.transformer.resblocks.1", "all zero", zeroes),
    Mutant(
      "visual.transformer.resblocks.2.ln_2.weight", "visual.transformer.resblocks.2", "all one",
      becomesOnes),
    Mutant("visual.ln_post.bias", "visual.ln_post", "all zero", zeroes),
    Mutant(
      "token_embedding.weight", "positional_embedding", "rows off by one, towards the start", shiftsRows),
    Mutant("positional_embedding", "positional_embedding", "rows off by one, towards the start", shiftsRows),
    Mutant(
      "transformer.resblocks.0.attn.in_proj_bias", "transformer.resblocks.0", "queries and keys exchanged",
      Mutation.swapsQueriesAndKeys),
    Mutant(
      "transformer.resblocks.1.mlp.c_proj.weight", "transformer.resblocks.1", "one row", doublesRow),
    Mutant("ln_final.weight", "ln_final", "all one", becomesOnes),
    Mutant("logit_scale", nil, "the source's times 0.5", { values, _ in values[0] *= 0.5 }),
  ]

  @Test("In a ViT's towers", arguments: ofViT)
  func viT(_ mutant: Mutant) throws { try check(mutant, VerificationSubject.miniViT()) }

  static let ofResNet = [
    Mutant("visual.conv1.weight", "visual.stem", "channels in the order blue, green, red", reversesChannels),
    Mutant(
      "visual.layer2.0.conv2.weight", "visual.layer2.0", "kernels turned by 180 degrees", reversesKernels),
    Mutant(
      "visual.attnpool.positional_embedding", "visual.attnpool", "rows off by one, towards the start",
      shiftsRows),
    Mutant("visual.attnpool.c_proj.bias", "visual.attnpool", "all zero", zeroes),
  ]

  @Test("In a ResNet's image tower", arguments: ofResNet)
  func resNet(_ mutant: Mutant) throws { try check(mutant, VerificationSubject.miniResNet()) }

  private func check(_ mutant: Mutant, _ model: CLIPModel) throws {
    let report = try VerificationSubject.withBundle(of: model.changing(mutant.tensor, mutant.change), .fp32) {
      try Verifier.compare(OpenBundle(path: $0), with: model, reference: .underTest)
    }
    #expect(report.verdict == .fail && report.settings == [])
    #expect(report.weights?.map(\.tensor) == [mutant.tensor], "\(report.rendered)")
    #expect(report.reasons.contains { $0.hasPrefix(mutant.tensor) }, "\(report.reasons)")
    #expect(report.weights?.first?.cause == mutant.cause, "\(report.rendered)")
    let isOfImages = mutant.tensor.hasPrefix("visual.")
    #expect(report.image?.divergence?.stage == (isOfImages ? mutant.stage : nil), "\(report.rendered)")
    #expect(report.text?.divergence?.stage == (isOfImages ? nil : mutant.stage), "\(report.rendered)")
  }
}

/// Of a convolution `[output, 3, rows, columns]`.
private let reversesChannels: @Sendable (inout [Float], [Int]) -> Void = { values, shape in
  let area = shape[2] * shape[3]
  for start in stride(from: 0, to: values.count, by: 3 * area) {
    for index in 0..<area { values.swapAt(start + index, start + 2 * area + index) }
  }
}

/// Of a convolution `[output, input, rows, columns]`: by half a turn, as a convolution instead of a correlation.
private let reversesKernels: @Sendable (inout [Float], [Int]) -> Void = { values, shape in
  let area = shape[2] * shape[3]
  for start in stride(from: 0, to: values.count, by: area) { values[start..<start + area].reverse() }
}

/// Each row gets the values of the next, the last those of the first.
private let shiftsRows: @Sendable (inout [Float], [Int]) -> Void = { values, shape in
  values = Array(values[shape[1]...] + values[..<shape[1]])
}

private let doublesRow: @Sendable (inout [Float], [Int]) -> Void = { values, shape in
  for index in shape[1]..<2 * shape[1] { values[index] *= 2 }
}

private let zeroes: @Sendable (inout [Float], [Int]) -> Void = { values, _ in
  values = [Float](repeating: 0, count: values.count)
}

private let becomesOnes: @Sendable (inout [Float], [Int]) -> Void = { values, _ in
  values = [Float](repeating: 1, count: values.count)
}
