import Architecture
import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// Configurations whose sizes differ from the tensors' probably belong to another model.
@Suite("Contradictions of tensors and configurations") struct ContradictionTests {
  private static let pixels =
    #"{"size":{"shortest_edge":24},"crop_size":24,"resample":3,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}"#

  /// The tiny model's own configuration, with some fields replaced.
  private func configuration(text: String = "", vision: String = "", root: String = "") -> String {
    #"""
    {"model_type":"clip",\#(root)"text_config":{\#(text)"num_attention_heads":1,"hidden_act":"gelu"},
     "vision_config":{\#(vision)"num_attention_heads":1,"hidden_act":"gelu","layer_norm_eps":1e-6}}
    """#
  }

  private func inspect(
    _ config: String, _ others: [String: String] = [:], _ options: ModelOptions = ModelOptions()
  ) throws -> ModelInspection {
    var edited = try EditedCheckpoint("vit-hugging-face")
    edited.neighbours = ["config.json": config, "preprocessor_config.json": Self.pixels]
    edited.neighbours.merge(others) { $1 }
    return try edited.open { try ModelInspection($0, options: options) }
  }

  @Test(
    "open_clip's configuration of a ResNet next to a Vision Transformer, or vice versa, belongs to another model",
    arguments: [("vit.safetensors", "rn-open-clip"), ("rn.npz", "vit-open-clip")])
  func otherKind(_ name: String, _ other: String) throws {
    var edited = try EditedCheckpoint(name)
    edited.neighbours["open_clip_config.json"] = String(
      decoding: try Fixture.data("valid/\(other)/open_clip_config.json"), as: UTF8.self)
    try edited.open(isFileGiven: true) { checkpoint in
      let error = try #require(ModelInspection(checkpoint).refusal)
      #expect(error.code == .configurationContradictsTensors)
      #expect("\(error)".contains("ResNet stages"), "\(error)")
      var options = try ModelFixture.named(name).options
      options.heads.image = options.heads.image ?? 2
      let inspection = try ModelInspection(checkpoint, options: options)
      #expect(inspection.refusal == nil && inspection.notes.contains { $0.contains("no setting comes from") })
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var text = ""
    var vision = ""
    var root = ""
    var stated: String
    var actual: String
    var testDescription: String { stated }

    static let all = [
      Case(vision: #""patch_size":16,"#, stated: "patch size 16", actual: "8"),
      Case(vision: #""patch_size":0,"#, stated: "patch size 0", actual: "8"),
      Case(vision: #""image_size":224,"#, stated: "image size 224", actual: "24"),
      Case(vision: #""hidden_size":768,"#, stated: "image width 768", actual: "64"),
      Case(vision: #""intermediate_size":3072,"#, stated: "image MLP width 3072", actual: "256"),
      Case(vision: #""num_hidden_layers":0,"#, stated: "image layers 0", actual: "1"),
      Case(text: #""hidden_size":512,"#, stated: "text width 512", actual: "64"),
      Case(text: #""intermediate_size":2048,"#, stated: "text MLP width 2048", actual: "256"),
      Case(text: #""max_position_embeddings":77,"#, stated: "context length 77", actual: "16"),
      Case(text: #""vocab_size":49408,"#, stated: "vocabulary size 49408", actual: "128"),
      Case(root: #""projection_dim":512,"#, stated: "embedding dimension 512", actual: "64"),
    ]
  }

  @Test(
    "An error has the field, both values, the file, the settings that depend on it and the options",
    arguments: Case.all)
  func contradiction(_ item: Case) throws {
    let inspection = try inspect(configuration(text: item.text, vision: item.vision, root: item.root))
    let problem = try #require(inspection.refusal)
    #expect(problem.code == .configurationContradictsTensors && problem.category == .badData)
    #expect(problem.description.contains("expected \(item.stated), as config.json"), "\(problem)")
    #expect(problem.description.contains("found \(item.actual)"), "\(problem)")
    for part in [
      "image.heads 1", "text.activation gelu", "image.epsilon 1e-06", "--heads", "--activation", "--epsilon",
    ] {
      #expect(problem.hint.contains(part), "\(problem.hint)")
    }
    #expect(!problem.hint.contains("--preprocess"), "that is another file's: \(problem.hint)")
  }

  @Test("The options in the error resolve it, and the configuration then determines nothing")
  func options() throws {
    var options = ModelOptions()
    options.heads = PerTower(both: 2)
    options.activation = PerTower(both: .quickGELU)
    options.epsilon = PerTower(both: 1e-5)
    options.pooling = .highestID
    let inspection = try inspect(configuration(vision: #""patch_size":16,"#), [:], options)
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    #expect(
      inspection.notes.contains { $0.contains("patch size 16") && $0.contains("no setting comes from") })
    #expect(inspection.architecture.image?.trunk.stack?.heads == 2)
  }

  @Test("A second configuration whose sizes match the tensors resolves it and determines the settings")
  func secondConfiguration() throws {
    let other = #"""
      {"model_cfg":{"embed_dim":64,"quick_gelu":true,"vision_cfg":{"image_size":24,"layers":1,"width":64,"patch_size":8},
       "text_cfg":{"context_length":16,"vocab_size":128,"width":64,"heads":1,"layers":1}},"preprocess_cfg":{}}
      """#
    let foreign = configuration(vision: #""patch_size":16,"image_size":32,"#)
    let inspection = try inspect(foreign, ["open_clip_config.json": other])
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    #expect(inspection.architecture.image?.trunk.stack?.activation == .quickGELU)
    #expect(
      inspection.notes.contains { $0.contains("that configuration is not used") }, "\(inspection.notes)")
    // A configuration that does not state the field, or also contradicts the tensors, does not resolve it.
    for weak in [
      other.replacing(#","patch_size":8"#, with: ""),
      other.replacing(#""width":64,"patch"#, with: #""width":96,"patch"#),
    ] {
      let problems = try inspect(foreign, ["open_clip_config.json": weak]).problems
      #expect(problems.contains { $0.code == .configurationContradictsTensors }, "\(problems)")
    }
  }

  @Test("Default heads only apply to a tower of the default width")
  func defaultHeads() throws {
    let inspection = try inspect(#"{"model_type":"clip","text_config":{},"vision_config":{}}"#)
    let codes = Set(inspection.problems.map(\.code))
    #expect(codes == [.undecidedHeads, .undecidedPooling], "\(inspection.problems)")
  }

  @Test("Two towers without a logit scale are noted; a single tower needs none")
  func logitScale() throws {
    var edited = try EditedCheckpoint("vit-hugging-face")
    edited.remove("logit_scale")
    edited.neighbours = ["config.json": configuration(), "preprocessor_config.json": Self.pixels]
    let notes = try edited.open { try ModelInspection($0).notes }
    #expect(
      notes.contains { $0.contains("no logit_scale") && $0.contains("`classify` uses 100") }, "\(notes)")
    #expect(try !inspect(configuration()).notes.contains { $0.contains("logit_scale") })
    var options = ModelOptions()
    options.tower = .image
    let half = try edited.open { try ModelInspection($0, options: options).notes }
    #expect(!half.contains { $0.contains("logit_scale") })
  }

  @Test("--architecture with the tensors' sizes resolves it and overrides the configuration")
  func architecture() throws {
    let architecture = try #require(ArchitectureCatalogue.architecture(named: "ViT-B-16"))
    let file = try HollowCheckpoint(
      ParameterSchema(architecture), ["config.json": configuration(vision: #""patch_size":32,"#)])
    let problem = try #require(try ModelInspection(Checkpoint.open(file.folder.path)).refusal)
    #expect(problem.code == .configurationContradictsTensors)
    #expect(problem.hint.contains("--architecture ViT-B-16 or ViT-B-16-quickgelu"), "\(problem.hint)")
    var options = ModelOptions()
    options.architectureName = "ViT-B-16-quickgelu"
    options.preprocessing = .openAI
    let inspection = try ModelInspection(Checkpoint.open(file.folder.path), options: options)
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    #expect(inspection.architecture.text?.stack.activation == .quickGELU)
    #expect(inspection.architecture.image?.trunk.stack?.heads == 12)
    #expect(inspection.notes.contains { $0.contains("--architecture ViT-B-16-quickgelu") })
  }
}
