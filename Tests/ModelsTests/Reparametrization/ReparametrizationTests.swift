import Architecture
import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// Weights in the forms that training saves. The result must equal that of peft, diffusers and PyTorch.
@Suite("Reparametrized weights") struct ReparametrizationTests {
  private static let base = "vit-hugging-face"
  /// The libraries compute in FP32; PocketCLIP computes in FP64 and rounds once. Half a unit in the last place each,
  /// relative to values that the update can cancel.
  private static let tolerance: Float = 4e-7

  private func path(_ name: String) -> String { Fixture.url("adapters/" + name).path }

  private func options(_ change: (inout ModelOptions) -> Void = { _ in }) throws -> ModelOptions {
    var options = try ModelFixture.named(Self.base).options
    options.base = try ModelFixture.named(Self.base).path
    options.activation = PerTower(both: .quickGELU)
    options.heads = PerTower(both: 1)
    change(&options)
    return options
  }

  /// Requires the model's tensors to equal `merged`'s if that has them, and the base's otherwise.
  private func expect(_ model: CLIPModel, equals merged: String, tower: Tower? = nil) throws {
    let whole = try CLIPModel.open(ModelFixture.named(Self.base).path, options: options { $0.base = nil })
    var edited = try EditedCheckpoint(Self.base)
    for tensor in try Checkpoint.open(path(merged)).tensors {
      guard tower == nil || tensor.name.hasPrefix("text_") == (tower == .text) else { continue }
      let values = try tensor.floats()
      for (index, value) in values.enumerated() { edited.set(tensor.name, element: index, to: value) }
    }
    try edited.open { checkpoint in
      let truth = try CLIPModel(checkpoint, options: options { $0.base = nil })
      var changedCount = 0
      for parameter in truth.schema.parameters {
        let (found, expected) = (try model.values(of: parameter), try truth.values(of: parameter))
        let scale = expected.map(abs).max() ?? 0
        let error = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(error <= Self.tolerance * scale, "\(parameter.name): \(error)")
        if try expected != whole.values(of: parameter) { changedCount += 1 }
      }
      #expect(changedCount > 0)
    }
  }

  @Test(
    "an adapter is merged into --base like peft's merge_and_unload",
    arguments: [("plain", "plain-merged.safetensors"), ("stabilized", "stabilized-merged.safetensors")])
  func adapters(_ adapter: String, _ merged: String) throws {
    let model = try CLIPModel.open(path(adapter), options: options())
    #expect(model.notes.contains { $0.contains("low-rank update") && $0.contains("(LoRA)") })
    #expect(model.source.files.count == 2)
    try expect(model, equals: merged)
  }

  @Test(
    "kohya-ss's names find the text tower's weights, with each alpha; the diffusion model's are ignored"
  )
  func kohya() throws {
    let model = try CLIPModel.open(path("kohya.safetensors"), options: options())
    try expect(model, equals: "plain-merged.safetensors", tower: .text)
  }

  @Test("a model saved with its updates is merged, and an alpha that is not stated is an error")
  func unmerged() throws {
    var edited = try EditedCheckpoint(Self.base)
    edited.rename { "base_model.model." + $0 }
    for tensor in try Checkpoint.open(path("unmerged.safetensors"), taking: Selection()).tensors {
      let module = "base_model.model." + tensor.name
      edited.remove(module.replacing(".base_layer", with: ""))
      edited.add(module, shape: tensor.shape)
      for (index, value) in try tensor.floats().enumerated() { edited.set(module, element: index, to: value) }
    }
    try edited.open { checkpoint in
      let error = #expect(throws: ModelError.self) {
        try CLIPModel(checkpoint, options: options { $0.base = nil })
      }
      #expect(error?.code == .undecidedScale)
      let model = try CLIPModel(
        checkpoint,
        options: options {
          $0.base = nil
          $0.adapterAlpha = 6
        })
      try expect(model, equals: "plain-merged.safetensors")
    }
  }

  @Test("updates of two text towers of equal sizes are an error")
  func twoTextTowers() throws {
    var edited = try EditedCheckpoint("../adapters/kohya.safetensors")
    edited.entries += edited.entries.filter { $0.name.hasPrefix("lora_te1_") }.map { entry in
      var entry = entry
      entry.name = entry.name.replacing("lora_te1_", with: "lora_te2_")
      return entry
    }
    try edited.open { checkpoint in
      let error = #expect(throws: ModelError.self) { try CLIPModel(checkpoint, options: options()) }
      #expect(error?.code == .adapterDoesNotFit && error?.hint.contains("lora_te2_") == true)
    }
  }

  @Test(
    "an adapter alone, of another kind, or for another model is an error, and so is an option without effect")
  func refusals() throws {
    func code(_ name: String, _ change: (inout ModelOptions) -> Void = { _ in }) throws -> ModelError.Code? {
      let error = #expect(throws: ModelError.self) {
        try CLIPModel.open(path(name), options: options(change))
      }
      return error?.code
    }
    #expect(try code("plain") { $0.base = nil } == .adapterWithoutBase)
    #expect(try code("kohya.safetensors") { $0.base = nil } == .adapterWithoutBase)
    #expect(try code("dora") == .unsupportedOption)
    #expect(try code("kohya.safetensors") { $0.adapterAlpha = 2 } == .unsupportedOption)
    #expect(try code("plain") { $0.base = Fixture.url("valid/vit.safetensors").path } == .adapterDoesNotFit)
    #expect(try code("../valid/vit-hugging-face") == .adapterDoesNotFit)
    #expect(
      try code("../valid/vit-hugging-face") { ($0.base, $0.adapterAlpha) = (nil, 2) } == .unsupportedOption)
  }

  @Test(
    "rows with separate lengths, masks, and Long-CLIP's two tables give the same weights as their authors' code",
    arguments: ["weight-norm", "weight-norm-parametrized", "geometric", "pruned", "long"])
  func forms(_ name: String) throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    var expected: [Float] = []
    let weight =
      name == "long" ? "positional_embedding" : "visual.transformer.resblocks.0.attn.out_proj.weight"
    edited.remove(weight)
    let file = try MappedFile(path: path(name + ".safetensors"))
    for entry in try SafetensorsFile(file: file, limits: .standard).entries {
      let bytes = file.bytes.withUnsafeBytes { Array($0[entry.byteRange]) }
      if entry.name == "expected" {
        expected = stride(from: 0, to: bytes.count, by: 4).map { offset in
          bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Float.self) }
        }
        continue
      }
      edited.entries.append(.init(name: entry.name, dtype: "F32", shape: entry.shape, bytes: bytes))
    }
    let options = try ModelFixture.named("vit.safetensors").options
    try edited.open { checkpoint in
      let model = try CLIPModel(checkpoint, options: options)
      let parameter = try #require(model.schema.parameters.first { $0.name.description == weight })
      let found = try model.values(of: parameter)
      let scale = expected.map(abs).max() ?? 0
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= Self.tolerance * scale })
    }
  }
}
