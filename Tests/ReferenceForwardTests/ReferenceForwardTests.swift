import Architecture
import Checkpoints
import Foundation
import Models
import ReferenceForward
import TestSupport
import Testing

/// Properties of the interface. VerificationTests and ParityTests compare the numbers with the original libraries'
/// goldens.
@Suite("The reference's interface") struct ReferenceForwardTests {
  private static func model(_ fixture: String) throws -> CLIPModel {
    var options = ModelOptions()
    options.preprocessing = .openAI
    return try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
  }

  private static func viT() throws -> CLIPModel { try model("valid/vit-torchscript-1.7.pt") }
  private static func resNet() throws -> CLIPModel { try model("valid/rn-torchscript-1.7.pt") }

  /// Pixels that are all different, the same in every run.
  private static func pixels(_ count: Int, of model: CLIPModel) throws -> Tensor {
    let size = try #require(model.architecture.image).imageSize
    let values = (0..<count * 3 * size * size).map { index -> Float in
      let level = (index &* 7919 &+ index / 13) % 256
      return Float(level) / 64 - 2
    }
    return Tensor([count, 3, size, size], values)
  }

  private static func text(_ tokens: [Int32], of model: CLIPModel) throws -> [Int32] {
    let tower = try #require(model.architecture.text)
    let ids = [Int32(tower.vocabularySize - 2)] + tokens + [Int32(tower.vocabularySize - 1)]
    return ids + [Int32](repeating: 0, count: tower.contextLength - ids.count)
  }

  /// Relative to the largest value. OpenBLAS sums in another order if the batch is divided differently, which changes
  /// each product by a few times 2⁻²⁴ = 6e-8 of its scale; the fixtures have a dozen products in sequence. The
  /// portable product's order is fixed.
  private static func roundingTolerance(_ product: MatrixProduct) -> Float {
    product.name == MatrixProduct.portable.name ? 0 : 5e-6
  }

  /// The largest difference of two values, in units of the largest value.
  private static func relativeDifference(_ one: some Sequence<Float>, _ other: some Sequence<Float>) -> Float
  {
    let scale = zip(one, other).map { max(abs($0), abs($1)) }.max() ?? 0
    return (zip(one, other).map { abs($0 - $1) }.max() ?? .infinity) / scale
  }

  @Test("A ViT's stages have the names of OpenAI's modules, in the order of the forward pass")
  func visionStages() throws {
    let model = try Self.viT()
    let recorder = StageRecorder()
    _ = try ReferenceForward(model, product: .underTest).encodeImages(
      Self.pixels(2, of: model), observe: recorder.record)
    #expect(
      recorder.stages == [
        "visual.ln_pre [2, 10, 64]", "visual.transformer.resblocks.0 [2, 10, 64]", "visual.ln_post [2, 64]",
        "visual.proj [2, 64]",
      ])
  }

  @Test(
    "A ResNet's stages are the stem, the bottlenecks and attention pooling, and halve the size as in the paper"
  )
  func resNetStages() throws {
    let model = try Self.resNet()
    let recorder = StageRecorder()
    _ = try ReferenceForward(model, product: .underTest).encodeImages(
      Self.pixels(1, of: model), observe: recorder.record)
    #expect(
      recorder.stages == [
        "visual.stem [1, 16, 16, 4]", "visual.layer1.0 [1, 16, 16, 16]", "visual.layer2.0 [1, 8, 8, 32]",
        "visual.layer2.1 [1, 8, 8, 32]", "visual.layer3.0 [1, 4, 4, 64]", "visual.layer4.0 [1, 2, 2, 128]",
        "visual.attnpool [1, 48]",
      ])
  }

  @Test("A text's stages start with its tokens at their positions and end with the projection")
  func textStages() throws {
    let model = try Self.viT()
    let recorder = StageRecorder()
    _ = try ReferenceForward(model, product: .underTest).encodeTexts(
      [Self.text([5, 6], of: model)], observe: recorder.record)
    #expect(
      recorder.stages == [
        "positional_embedding [1, 16, 64]", "transformer.resblocks.0 [1, 16, 64]", "ln_final [1, 16, 64]",
        "text_projection [1, 64]",
      ])
  }

  @Test("An item's embedding does not depend on its neighbours", arguments: ["vit", "rn"])
  func batches(_ kind: String) throws {
    let model = try kind == "vit" ? Self.viT() : Self.resNet()
    let forward = try ReferenceForward(model, product: .underTest)
    let batch = try Self.pixels(3, of: model)
    let together = try forward.encodeImages(batch)
    let itemCount = batch.values.count / 3
    for item in 0..<3 {
      let alone = try forward.encodeImages(
        Tensor([1] + batch.shape.dropFirst(), Array(batch.values[item * itemCount..<(item + 1) * itemCount])))
      let difference = Self.relativeDifference(alone.values, together.row(item))
      #expect(difference <= Self.roundingTolerance(forward.product))
    }
  }

  @Test("Tokens after end of text do not affect the embedding, tokens before do")
  func causality() throws {
    let model = try Self.viT()
    let forward = try ReferenceForward(model, product: .underTest)
    let plain = try Self.text([5, 6, 7], of: model)
    var padded = plain
    for position in 5..<padded.count { padded[position] = 9 }
    var other = plain
    other[1] = 8
    let embeddings = try forward.encodeTexts([plain, padded, other])
    let difference = Self.relativeDifference(embeddings.row(0), embeddings.row(1))
    #expect(difference <= Self.roundingTolerance(forward.product))
    #expect(Self.relativeDifference(embeddings.row(0), embeddings.row(2)) > 0.01)
  }

  @Test("A tower without projection outputs hidden states")
  func hiddenStates() throws {
    let model = try Self.model("valid/vit-hugging-face-text")
    let states = try ReferenceForward(model, product: .underTest).encodeTexts([Self.text([5], of: model)])
    #expect(model.architecture.text?.projection == nil && states.shape == [1, 64])
  }

  @Test(
    "Logits are exp(logit_scale) times the cosine, plus a logit_bias",
    arguments: ["vit-open-clip", "sigmoid-open-clip"])
  func logits(_ name: String) throws {
    let model = try CLIPModel.open(Fixture.url("valid/\(name)").path)
    let bias = try model.score()?.bias ?? 0
    #expect((bias != 0) == (name == "sigmoid-open-clip"))
    let forward = try ReferenceForward(model, product: .underTest)
    let images = try forward.encodeImages(Self.pixels(2, of: model)).normalized
    let texts = try forward.encodeTexts([Self.text([5], of: model)]).normalized
    let logits = try forward.logits(images: images, texts: texts)
    let scale = try #require(model.schema.parameters.first { $0.role == .logitScale })
    let scaleFactor = Float(exp(Double(try model.values(of: scale)[0])))
    let cosine = zip(images.row(1), texts.row(0)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(logits.shape == [2, 1] && scaleFactor > 50)
    // The cosine is an FP32 sum of 64 products.
    #expect(abs(logits.values[1] - (Float(cosine) * scaleFactor + bias)) <= 64 * 0x1p-24 * scaleFactor)
    let length = images.row(0).reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(length - 1) < 1e-6)
  }

  @Test("Inputs of the wrong shape, absent towers and ids beyond the vocabulary are typed errors")
  func refusals() throws {
    let forward = try ReferenceForward(Self.viT(), product: .underTest)
    #expect(
      code { () throws(ModelError) in
        try forward.encodeImages(Tensor([1, 3, 8, 8], .init(repeating: 0, count: 192)))
      } == .wrongShape)
    #expect(code { () throws(ModelError) in try forward.encodeTexts([[1, 2, 3]]) } == .wrongShape)
    #expect(
      code { () throws(ModelError) in try forward.encodeTexts([.init(repeating: 128, count: 16)]) }
        == .wrongShape)
    let text = try ReferenceForward(Self.model("valid/vit-hugging-face-text"), product: .underTest)
    #expect(
      code { () throws(ModelError) in
        try text.encodeImages(Tensor([1, 3, 24, 24], .init(repeating: 0, count: 1728)))
      } == .towerAbsent)
  }

  private func code(_ body: () throws(ModelError) -> Tensor) -> ModelError.Code? {
    do throws(ModelError) {
      _ = try body()
      return nil
    } catch { return error.code }
  }
}

private final class StageRecorder {
  private(set) var stages: [String] = []

  func record(_ stage: String, _ output: Tensor) { stages.append("\(stage) \(output.shape)") }
}
