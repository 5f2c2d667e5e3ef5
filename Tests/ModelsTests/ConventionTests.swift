import Architecture
import Archives
import Checkpoints
import Models
import Testing

/// Naming conventions that no fixture is written in, by renaming one that is.
@Suite struct ConventionTests {
  private func identities(_ edited: EditedCheckpoint, _ options: ModelOptions) throws -> Identities {
    try edited.open { checkpoint in try Identities(of: CLIPModel(checkpoint, options: options)) }
  }

  private func original() throws -> (Identities, ModelOptions) {
    let fixture = try ModelFixture.named("vit.safetensors")
    return (try Identities(of: fixture.open()), fixture.options)
  }

  @Test("open_clip's CustomTextCLIP keeps the text tower below text.")
  func customText() throws {
    let (expected, options) = try original()
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.rename { $0.hasPrefix("visual.") || $0 == "logit_scale" ? $0 : "text." + $0 }
    #expect(try identities(edited, options) == expected)
  }

  @Test("The state dict of model.visual alone is an image tower")
  func visualAlone() throws {
    let (expected, options) = try original()
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.entries.removeAll { !$0.name.hasPrefix("visual.") }
    edited.rename { String($0.dropFirst("visual.".count)) }
    let found = try identities(edited, options)
    #expect(found.image == expected.image && found.text == nil)
  }

  @Test("transformers 5 writes CLIPVisionModel without a prefix")
  func bareVision() throws {
    let options = try ModelFixture.named("vit-hugging-face").options
    let expected = try ModelFixture.named("vit-hugging-face-image-projection").open()
    var edited = try EditedCheckpoint("vit-hugging-face-image-projection")
    edited.remove("visual_projection.weight")
    edited.rename { String($0.dropFirst("vision_model.".count)) }
    edited.neighbours["config.json"] =
      #"{"model_type":"clip_vision_model","num_attention_heads":1,"hidden_act":"quick_gelu"}"#
    try edited.open { checkpoint in
      let model = try CLIPModel(checkpoint, options: options)
      #expect(model.architecture.image?.projection == nil)
      for parameter in model.schema.parameters {
        #expect(try model.values(of: parameter) == expected.values(of: parameter), "\(parameter.name)")
      }
    }
  }
}

/// What configurations say, and when they are not believed.
@Suite struct ConfigurationTests {
  private func inspect(
    _ fixture: String, _ neighbours: [String: String], _ options: ModelOptions = ModelOptions()
  ) throws -> ModelInspection {
    var edited = try EditedCheckpoint(fixture)
    edited.neighbours = neighbours
    return try edited.open { try ModelInspection($0, options: options) }
  }

  private static let heads = #""num_attention_heads":1"#
  private static let pixels =
    #"{"size":{"shortest_edge":24},"crop_size":24,"resample":3,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}"#

  @Test("A text_config_dict left over by old versions overrides text_config, with all its defaults")
  func leftoverDictionary() throws {
    let config = #"""
      {"model_type":"clip","vision_config":{\#(Self.heads),"hidden_act":"gelu"},
       "text_config":{\#(Self.heads),"hidden_act":"gelu"},"text_config_dict":{\#(Self.heads)}}
      """#
    let inspection = try inspect(
      "vit-hugging-face", ["config.json": config, "preprocessor_config.json": Self.pixels])
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    #expect(inspection.architecture.text?.stack.activation == .quickGELU)
    let decision = try #require(inspection.decisions.first { $0.field == "text.activation" })
    #expect(decision.source == .libraryDefault)
    guard case .visionTransformer(let image) = inspection.architecture.image else {
      Issue.record("no Vision Transformer")
      return
    }
    #expect(image.stack.activation == .gelu)
  }

  @Test("transformers' preprocessing converts before resizing and crops downward, with the file's moments")
  func preprocessing() throws {
    let config = #"{"model_type":"clip","vision_config":{\#(Self.heads)},"text_config":{\#(Self.heads)}}"#
    let inspection = try inspect(
      "vit-hugging-face", ["config.json": config, "preprocessor_config.json": Self.pixels])
    let preprocessing = try #require(inspection.preprocessing)
    #expect(preprocessing.conversion == .beforeResize && preprocessing.crop == .down)
    #expect(preprocessing.resize == .shortest && preprocessing.mean == .init(0.5, 0.5, 0.5))
  }

  @Test("Where a configuration contradicts the tensors, the tensors are believed and it is told")
  func contradiction() throws {
    let config = #"""
      {"model_type":"clip","text_config":{\#(Self.heads),"num_hidden_layers":12},"vision_config":{\#(Self.heads)}}
      """#
    let inspection = try inspect("vit-hugging-face", ["config.json": config])
    #expect(inspection.architecture.text?.stack.layers == 1)
    #expect(
      inspection.notes.contains { $0.contains("text layers 12") && $0.contains("tensors are believed") })
  }

  @Test("open_clip's head_width, tanh approximation and squash are read")
  func openCLIP() throws {
    let config = #"""
      {"model_cfg":{"embed_dim":64,
        "vision_cfg":{"head_width":32,"act_kwargs":{"approximate":"tanh"}},"text_cfg":{"heads":2}},
       "preprocess_cfg":{"resize_mode":"squash","interpolation":"bilinear"}}
      """#
    let inspection = try inspect("vit.safetensors", ["open_clip_config.json": config])
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    guard case .visionTransformer(let image) = inspection.architecture.image else {
      Issue.record("no Vision Transformer")
      return
    }
    #expect(image.stack.heads == 2 && image.stack.activation == .geluTanh)
    #expect(inspection.architecture.text?.stack.activation == .gelu)
    #expect(
      inspection.preprocessing?.resize == .squash && inspection.preprocessing?.interpolation == .bilinear)
  }

  @Test(
    "What a configuration asks for and we do not have is refused by name",
    arguments: [
      (#"{"model_type":"clip","text_config":{"hidden_act":"mish"}}"#, "mish"),
      (#"{"model_type":"align"}"#, "align"),
    ])
  func unsupported(_ config: String, _ name: String) throws {
    let error = try #require(throws: ModelError.self) {
      try inspect("vit-hugging-face", ["config.json": config])
    }
    #expect(error.category == .unsupported && error.description.contains(name), "\(error)")
  }

  @Test("A field of the wrong type is an error, not a default")
  func wrongType() throws {
    let error = try #require(throws: ModelError.self) {
      try inspect("vit-hugging-face", ["config.json": #"{"text_config":{"num_attention_heads":"one"}}"#])
    }
    #expect(error.code == .badConfiguration && error.description.contains("num_attention_heads"), "\(error)")
  }

  @Test("An option wins over the configuration")
  func optionWins() throws {
    let config = #"{"model_type":"clip","vision_config":{\#(Self.heads)},"text_config":{\#(Self.heads)}}"#
    var options = ModelOptions()
    options.activation = PerTower(both: .gelu)
    let inspection = try inspect("vit-hugging-face", ["config.json": config], options)
    #expect(inspection.architecture.text?.stack.activation == .gelu)
    #expect(inspection.decisions.first { $0.field == "text.activation" }?.source == .option)
  }
}
