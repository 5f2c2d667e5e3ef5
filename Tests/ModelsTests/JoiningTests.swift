import Architecture
import Checkpoints
import Models
import Testing

/// Two files that make one model.
@Suite struct JoiningTests {
  private func open(_ fixtures: String...) throws -> CLIPModel {
    let options = try ModelFixture.named(fixtures[0]).options
    return try CLIPModel.open(fixtures.map { try ModelFixture.named($0).path }, options: options)
  }

  @Test("The halves that transformers writes give the whole, bit for bit, in either order")
  func halves() throws {
    let whole = try open("vit-hugging-face")
    for names in [
      ["vit-hugging-face-image-projection", "vit-hugging-face-text-projection"],
      ["vit-hugging-face-text-projection", "vit-hugging-face-image-projection"],
    ] {
      let joined = try open(names[0], names[1])
      #expect(joined.architecture == whole.architecture)
      #expect(joined.source.files.count == 2 && joined.source.format == "safetensors")
      for parameter in joined.schema.parameters {
        #expect(try joined.values(of: parameter) == whole.values(of: parameter), "\(parameter.name)")
      }
      #expect(try Identities(of: joined) == Identities(of: whole))
    }
  }

  @Test("Two of the same tower, a whole with a half, and a tower without projection are refused")
  func refusals() throws {
    for pair in [
      ("vit-hugging-face-text-projection", "vit-hugging-face-text-projection"),
      ("vit-hugging-face", "vit-hugging-face-text-projection"),
      ("vit-hugging-face-image-projection", "vit-hugging-face-text"),
    ] {
      let error = #expect(throws: ModelError.self) { _ = try open(pair.0, pair.1) }
      #expect(error?.code == .cannotJoin, "\(pair)")
    }
  }

  @Test(
    "A tower is found below what diffusion models and LLaVA put before its names",
    arguments: [
      "transformer.", "cond_stage_model.transformer.", "text_encoders.clip_l.transformer.",
      "model.vision_tower.vision_tower.",
    ])
  func holders(prefix: String) throws {
    let isText = !prefix.contains("vision")
    let fixture = isText ? "vit-hugging-face-4.20.1-text" : "vit-hugging-face-image-projection"
    var edited = try EditedCheckpoint(fixture)
    edited.entries.removeAll { !$0.name.hasPrefix("text_model.") && !$0.name.hasPrefix("vision_model.") }
    edited.rename { prefix + $0 }
    let options = try ModelFixture.named("vit-hugging-face").options
    try edited.open { checkpoint in
      #expect(checkpoint.evidence.strippedPrefix == prefix)
      var options = options
      options.activation = PerTower(both: .quickGELU)
      options.heads = PerTower(both: 1)
      let model = try CLIPModel(checkpoint, options: options)
      #expect((model.architecture.text != nil) == isText)
      #expect(model.architecture.text?.projection == nil && model.architecture.image?.projection == nil)
    }
  }
}
