import Architecture
import Archives
import BundleFormat
import Checkpoints
import Models
import Testing

/// Naming conventions without a fixture, tested by renaming another fixture.
@Suite("Naming conventions") struct ConventionTests {
  private func identities(_ edited: EditedCheckpoint, _ options: ModelOptions) throws -> SpaceID {
    try edited.open { checkpoint in try SpaceID(of: CLIPModel(checkpoint, options: options)) }
  }

  private func original() throws -> (SpaceID, ModelOptions) {
    let fixture = try ModelFixture.named("vit.safetensors")
    return (try SpaceID(of: fixture.open()), fixture.options)
  }

  @Test("open_clip's CustomTextCLIP has the text tower below text.")
  func customText() throws {
    let (expected, options) = try original()
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.rename { $0.hasPrefix("visual.") || $0 == "logit_scale" ? $0 : "text." + $0 }
    #expect(try identities(edited, options) == expected)
  }

  @Test("The state dict of model.visual is an image tower")
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

/// What configurations state, and when they are ignored.
@Suite("Configurations") struct ConfigurationTests {
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

  @Test(
    "A config.json that is not transformers' is skipped with a note, and no default is taken from it",
    arguments: ["{}", "[]", #"{"lr":0.001,"model":"ViT-B-32"}"#, #"{"_class_name":"UNet2DConditionModel"}"#])
  func foreignConfiguration(_ config: String) throws {
    for fixture in ["vit.safetensors", "vit-hugging-face"] {
      let inspection = try inspect(fixture, ["config.json": config])
      #expect(
        Set(inspection.problems.map(\.code)) == [
          .undecidedActivation, .undecidedHeads, .undecidedPooling, .undecidedPreprocessing,
        ])
      #expect(inspection.notes.contains { $0.contains("config.json") && $0.contains("not used") })
    }
  }

  @Test(
    "A configuration of transformers' CLIP is recognised by its type, its class or its towers",
    arguments: [
      #"{"model_type":"clip"}"#, #"{"architectures":["CLIPModel"]}"#,
      #"{"vision_config":{},"text_config":{}}"#,
    ])
  func ownConfiguration(_ config: String) throws {
    let inspection = try inspect("vit-hugging-face", ["config.json": config])
    #expect(!inspection.problems.contains { $0.code == .undecidedActivation })
  }

  @Test("Configurations of another library next to a single file belong to another model, and are reported")
  func foreignNeighbours() throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.neighbours = ["config.json": #"{"model_type": "clip"}"#, "preprocessor_config.json": Self.pixels]
    let inspection = try edited.open(isFileGiven: true) { try ModelInspection($0) }
    #expect(inspection.problems.contains { $0.code == .undecidedActivation })
    #expect(inspection.problems.contains { $0.code == .undecidedPreprocessing })
    #expect(
      inspection.notes.contains { $0.contains("config.json beside the file, preprocessor_config.json") },
      "\(inspection.notes)")
  }

  @Test("The words that GGUF's are compared with are OpenAI's")
  func words() {
    // Python: hashlib.sha256("".join(word + "\n" for word, id in sorted(SimpleTokenizer().encoder.items(), key=…)))
    let digest = "e30e57b6f1e47616982ef898d8922be24e535b4fa3d0110477b3a6f02ebbae7d"
    var stream = DigestStream()
    for token in PublishedVocabulary().tokens { stream.update(Array("\(token)\n".utf8)) }
    #expect(String(decoding: stream.finish().hex, as: UTF8.self) == digest)
  }

  @Test("The shorter edge can be larger than the crop, which must have the tower's size")
  func resizeEdge() throws {
    let edge = Self.pixels.replacing(#""shortest_edge":24"#, with: #""shortest_edge":32"#)
    let inspection = try inspect("vit-hugging-face", ["preprocessor_config.json": edge])
    #expect(inspection.preprocessing?.resizeEdge == 32)
    let plain = try inspect("vit-hugging-face", ["preprocessor_config.json": Self.pixels])
    #expect(plain.preprocessing?.resizeEdge == nil)
    // An absent field has the library's default of 224, not the tower's size.
    let cropAlone = try inspect("vit-hugging-face", ["preprocessor_config.json": #"{"crop_size": 24}"#])
    #expect(cropAlone.preprocessing?.resizeEdge == 224)
    // A number is the shorter edge, or both edges if the file states that.
    let number = Self.pixels.replacing(#"{"shortest_edge":24}"#, with: "24")
    let square = number.replacing(#""size":24"#, with: #""default_to_square":true,"size":24"#)
    for (config, rule) in [(number, Preprocessing.ResizeRule.shortest), (square, .squash)] {
      let inspection = try inspect("vit-hugging-face", ["preprocessor_config.json": config])
      #expect(inspection.preprocessing?.resize == rule)
    }
    for partial in [#"{"size": 24}"#, "{}"] {
      #expect(throws: ModelError.self, "\(partial)") {
        try inspect("vit-hugging-face", ["preprocessor_config.json": partial])
      }
    }
  }

  @Test("transformers 5 stores the image processor in processor_config.json")
  func processorConfiguration() throws {
    let nested = #"{"image_processor":\#(Self.pixels),"processor_class":"CLIPProcessor"}"#
    let inspection = try inspect("vit-hugging-face", ["processor_config.json": nested])
    #expect(inspection.preprocessing?.mean == .init(0.5, 0.5, 0.5))
  }

  @Test(
    "Unsupported preprocessing settings are errors, including unknown keys",
    arguments: [
      #""do_pad":true"#, #""do_flip_channel_order":true"#,
      #""image_processor_type":"ConvNextImageProcessor""#,
      #""crop_pct":0.9"#, #""crop_size":32"#, #""size":{"shortest_edge":16}"#,
      #""size":{"height":24,"width":12}"#,
      #""size":{"longest_edge":24}"#, #""do_center_crop":false"#, #""rescale_factor":1.0"#,
      // transformers treats None as false.
      #""do_rescale":null"#, #""do_normalize":null"#, #""do_resize":null"#, #""do_center_crop":null"#,
    ])
  func otherPreprocessing(_ member: String) throws {
    let key = try #require(member.split(separator: "\"").first)
    let config = "{\(member),\(#""image_mean":[0.5,0.5,0.5]"#)}"
    let error = try #require(throws: ModelError.self) {
      try inspect("vit-hugging-face", ["preprocessor_config.json": config])
    }
    #expect(error.description.contains(key), "\(error)")
  }

  @Test("A leftover text_config_dict of old versions overrides text_config, with all its defaults")
  func leftoverDictionary() throws {
    let config = #"""
      {"model_type":"clip","vision_config":{\#(Self.heads),"hidden_act":"gelu"},
       "text_config":{\#(Self.heads),"hidden_act":"gelu"},"text_config_dict":{\#(Self.heads),"eos_token_id":2}}
      """#
    let inspection = try inspect(
      "vit-hugging-face", ["config.json": config, "preprocessor_config.json": Self.pixels])
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    #expect(inspection.architecture.text?.stack.activation == .quickGELU)
    let decision = try #require(inspection.decisions.first { $0.field == "text.activation" })
    #expect(decision.source == .libraryDefault)
    let image = try #require(inspection.architecture.image?.trunk.stack)
    #expect(image.activation == .gelu)
  }

  @Test("transformers converts before resizing, crops downward, and uses the file's mean and deviation")
  func preprocessing() throws {
    let config = #"{"model_type":"clip","vision_config":{\#(Self.heads)},"text_config":{\#(Self.heads)}}"#
    let inspection = try inspect(
      "vit-hugging-face", ["config.json": config, "preprocessor_config.json": Self.pixels])
    let preprocessing = try #require(inspection.preprocessing)
    #expect(preprocessing.conversion == .beforeResize && preprocessing.crop == .down)
    #expect(preprocessing.resize == .shortest && preprocessing.mean == .init(0.5, 0.5, 0.5))
  }

  @Test("More layers in a configuration than in the file mean a truncated file")
  func cutLayers() throws {
    let config = #"""
      {"model_type":"clip","text_config":{\#(Self.heads),"num_hidden_layers":12},"vision_config":{\#(Self.heads)}}
      """#
    let inspection = try inspect("vit-hugging-face", ["config.json": config])
    let problem = try #require(inspection.problems.first { $0.code == .missingTensors })
    #expect(problem.description.contains("text layers 12"), "\(problem)")
  }

  @Test(
    "Other tokenizer options of open_clip leave no tokenizer, and a note",
    arguments: [
      #""tokenizer_kwargs":{"clean":"whitespace"}"#, #""tokenizer_kwargs":{"clean":"canonicalize"}"#,
      #""hf_tokenizer_name":"bert-base-uncased""#, #""tokenizer_mode":"clips""#,
    ])
  func otherTokenizer(_ member: String) throws {
    let config = #"{"model_cfg":{"vision_cfg":{},"text_cfg":{"heads":1,\#(member)}}}"#
    let inspection = try inspect("vit.safetensors", ["open_clip_config.json": config])
    #expect(inspection.tokenizer == .none)
    #expect(inspection.notes.contains { $0.contains("token ids only") }, "\(inspection.notes)")
  }

  @Test(
    "Unsupported blocks of open_clip are errors, including unknown keys",
    arguments: ["qk_norm", "scale_heads", "scale_attn", "scale_fc", "scaled_cosine_attn", "new_option"])
  func otherBlocks(_ key: String) throws {
    for tower in ["vision_cfg", "text_cfg"] {
      let other = tower == "vision_cfg" ? "text_cfg" : "vision_cfg"
      let config = #"{"model_cfg":{"\#(other)":{},"\#(tower)":{"\#(key)":true}}}"#
      let error = try #require(throws: ModelError.self) {
        try inspect("vit.safetensors", ["open_clip_config.json": config])
      }
      #expect(error.description.contains(key), "\(error)")
    }
  }

  @Test("open_clip's head_width, tanh approximation and squash are read")
  func openCLIP() throws {
    let config = #"""
      {"model_cfg":{"embed_dim":64,
        "vision_cfg":{"image_size":24,"head_width":32,"act_kwargs":{"approximate":"tanh"}},"text_cfg":{"heads":2}},
       "preprocess_cfg":{"resize_mode":"squash","interpolation":"bilinear"}}
      """#
    let inspection = try inspect("vit.safetensors", ["open_clip_config.json": config])
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    let image = try #require(inspection.architecture.image?.trunk.stack)
    #expect(image.heads == 2 && image.activation == .geluTanh)
    #expect(inspection.architecture.text?.stack.activation == .gelu)
    #expect(
      inspection.preprocessing?.resize == .squash && inspection.preprocessing?.interpolation == .bilinear)
  }

  @Test(
    "Unsupported settings of a configuration are errors with their names",
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

  @Test("An option overrides the configuration")
  func optionWins() throws {
    let config = #"{"model_type":"clip","vision_config":{\#(Self.heads)},"text_config":{\#(Self.heads)}}"#
    var options = ModelOptions()
    options.activation = PerTower(both: .gelu)
    let inspection = try inspect("vit-hugging-face", ["config.json": config], options)
    #expect(inspection.architecture.text?.stack.activation == .gelu)
    #expect(inspection.decisions.first { $0.field == "text.activation" }?.source == .option)
  }
}
