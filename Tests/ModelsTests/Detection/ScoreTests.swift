import Architecture
import BundleFormat
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// How a model turns cosines into probabilities: a `logit_bias` means a sigmoid.
@Suite("Scores of models") struct ScoreTests {
  private static let fixture = "sigmoid-open-clip"
  private static let cases: [(String, Score)] = [
    (fixture, .sigmoid(logScale: 4.59375, bias: -12.5)), ("vit-open-clip", .softmax(logScale: 4.59375)),
  ]

  /// open_clip's configuration of the fixture.
  private func configuration(bias: String) -> String {
    #"""
    {"model_cfg":{"embed_dim":24,\#(bias)
      "vision_cfg":{"image_size":16,"layers":1,"width":32,"head_width":16,"patch_size":8},
      "text_cfg":{"context_length":16,"vocab_size":128,"width":32,"heads":2,"layers":1}},
     "preprocess_cfg":{"interpolation":"bicubic","resize_mode":"shortest"}}
    """#
  }

  private func edited(bias: String = #""init_logit_bias":-10,"#) throws -> EditedCheckpoint {
    var edited = try EditedCheckpoint(Self.fixture)
    edited.neighbours = ["open_clip_config.json": configuration(bias: bias)]
    return edited
  }

  @Test("Scale and bias come from the tensors, and a bias implies a sigmoid", arguments: cases)
  func tensors(_ name: String, _ score: Score) throws {
    let model = try ModelFixture.named(name).open()
    #expect(try model.score() == score)
    let decision = model.decisions.first { $0.field == "score" }
    #expect(decision?.value == (score.bias == nil ? nil : "sigmoid"))
    #expect(!model.notes.contains { $0.contains("logit_") }, "\(model.notes)")
  }

  @Test("A bundle's score comes from its header and tensors")
  func bundle() throws {
    let model = try CLIPModel.open(Fixture.url("runtime/sigmoid-fp32.pclip").path)
    // The logarithm of 12.
    #expect(try model.score() == .sigmoid(logScale: 2.484_906_6, bias: -1.5))
  }

  @Test("Tower ids do not depend on the score")
  func identities() throws {
    var edited = try edited(bias: "")
    edited.remove("logit_bias")
    let ids = try edited.open { try SpaceID(of: CLIPModel($0)) }
    #expect(try ids == SpaceID(of: ModelFixture.named(Self.fixture).open()))
  }

  @Test(
    "A bias or a scale below a word for derived values does not belong to the model",
    arguments: ["grads", "optimizer", "fisher"])
  func otherValues(_ word: String) throws {
    var edited = try EditedCheckpoint("vit-open-clip")
    edited.rename { "model." + $0 }
    var bias = try #require(try EditedCheckpoint(Self.fixture).entries.first { $0.name == "logit_bias" })
    bias.name = word + ".logit_bias"
    edited.entries.append(bias)
    let kind = try edited.open { try ModelInspection($0).scoreKind }
    #expect(kind == .softmax)
  }

  @Test("A configuration with a bias and tensors without one are an error with advice")
  func missingBias() throws {
    var edited = try edited()
    edited.remove("logit_bias")
    let problems = try edited.open { try ModelInspection($0).problems }
    #expect(problems.map(\.code) == [.missingTensors])
    #expect(problems.first?.hint.contains("remove init_logit_bias from the configuration") == true)
    // Follows the advice.
    edited.neighbours = ["open_clip_config.json": configuration(bias: "")]
    #expect(try edited.open { try CLIPModel($0).scoreKind } == .softmax)
    // A single tower has no score.
    edited.neighbours = ["open_clip_config.json": configuration(bias: #""init_logit_bias":-10,"#)]
    edited.keep { $0.hasPrefix("visual.") }
    #expect(try edited.open { try CLIPModel($0).scoreKind } == nil)
  }

  @Test("A bias without a configuration is noted and is part of the model")
  func unstatedBias() throws {
    let model = try edited(bias: "").open { try CLIPModel($0) }
    #expect(model.scoreKind == .sigmoid)
    #expect(model.notes.contains { $0.contains("init_logit_bias is absent") }, "\(model.notes)")
  }

  @Test("A bias without a scale is an error")
  func missingScale() throws {
    var edited = try edited()
    edited.remove("logit_scale")
    let problems = try edited.open { try ModelInspection($0).problems }
    #expect(problems.map(\.code) == [.missingTensors] && problems.first?.found == "logit_scale")
  }

  @Test("With transformers' names the bias is noted, because CLIPModel ignores it")
  func transformers() throws {
    var edited = try EditedCheckpoint("vit-hugging-face")
    edited.add("logit_bias", shape: [1])
    edited.set("logit_bias", element: 0, to: -3)
    let options = try ModelFixture.named("vit-hugging-face").options
    var decided = options
    decided.activation = PerTower(both: .quickGELU)
    decided.heads = PerTower(image: 1, text: 1)
    let model = try edited.open { try CLIPModel($0, options: decided) }
    #expect(try model.score() == .sigmoid(logScale: 4.59375, bias: -3))
    #expect(model.notes.contains { $0.contains("CLIPModel leaves out") }, "\(model.notes)")
  }
}
