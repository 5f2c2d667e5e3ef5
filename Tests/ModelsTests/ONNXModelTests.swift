import Architecture
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Verification

/// What exported graphs provide beyond names and values.
@Suite("Models in ONNX files") struct ONNXModelTests {
  private static let quantized = ["vit-dynamic-image-onnx", "vit-dynamic-text-onnx", "vit-calibrated.onnx"]

  /// 8-bit integers over ±largest round by half a step of largest / 127. If the range is asymmetric or clipped at one
  /// end, by a complete step.
  private static let step: Float = 1.0 / 127

  @Test("a quantized graph gives the original's tensors within a step of its integers", arguments: quantized)
  func dequantized(_ name: String) throws {
    let original = try ModelFixture.named("vit-hugging-face").open()
    let model = try ModelFixture.named(name).open()
    var roundedCount = 0
    for parameter in model.schema.parameters {
      let (values, truth) = (try model.values(of: parameter), try original.values(of: parameter))
      let largest = truth.map(abs).max() ?? 0
      let error = zip(values, truth).map { abs($0 - $1) }.max() ?? .infinity
      #expect(error <= Self.step * largest, "\(parameter.name)")
      roundedCount += error > 0 ? 1 : 0
    }
    #expect(roundedCount > 4)
  }

  @Test("only a dequantized checkpoint has a note about it")
  func dequantizedIsNoted() throws {
    for fixture in ModelFixture.all where fixture.path.hasSuffix("onnx") {
      let notes = try Checkpoint.open(fixture.path).notes
      #expect(
        notes.contains { $0.contains("dequantized from integers") } == fixture.isQuantized, "\(fixture)")
    }
  }

  @Test(
    "the graph determines activation, epsilon and heads",
    arguments: ["vit-traced.onnx", "vit-dynamo-onnx", "vit-hugging-face-onnx", "vit-calibrated.onnx"])
  func graphFacts(_ name: String) throws {
    let fixture = try ModelFixture.named(name)
    var options = ModelOptions()
    options.preprocessing = .openAI
    options.pooling = .highestID
    let model = try CLIPModel(Checkpoint.open(fixture.path), options: options)
    let towers = fixture.towers == "both" ? ["image", "text"] : ["image"]
    for field in towers.flatMap({ [$0 + ".activation", $0 + ".epsilon", $0 + ".heads"] }) {
      let decision = try #require(model.decisions.first { $0.field == field })
      #expect(decision.source == .evidence && decision.detail.contains("ONNX graph"), "\(decision)")
    }
  }

  @Test("the attention pooling of a ResNet shows its heads, the graph its BatchNorms")
  func residualNetwork() throws {
    let model = try ModelFixture.named("rn-image.onnx").open()
    #expect(model.decisions.first { $0.field == "image.heads" }?.source == .evidence)
    #expect(model.schema.parameters.contains { $0.name.description.hasSuffix("running_var") })
  }

  /// The folded kernels are rounded to FP16, which the product of the original's kernels and scales exceeds.
  private static let foldedCosine = 0.99999

  @Test(
    "a ResNet with folded BatchNorms computes the same as the original, and a note says that its tensors differ"
  )
  func foldedNorms() throws {
    let fixture = try ModelFixture.named("rn-folded.onnx")
    let golden = try GoldenFile(path: Fixture.url("valid/rn.golden.safetensors").path)
    let report = try Verifier.compare(try fixture.open(), with: golden, reference: .underTest)
    #expect(try #require(report.image).metrics.worstCosine >= Self.foldedCosine, "\(report.rendered)")
    #expect(try Checkpoint.open(fixture.path).notes.contains { $0.contains("22 BatchNorms were folded") })
  }

  @Test("two graphs of one tower each give the complete model, bit for bit, in either order")
  func halves() throws {
    let paths = try ["vit-hugging-face-image-onnx", "vit-hugging-face-text-onnx"].map {
      try ModelFixture.named($0).path
    }
    let whole = try ModelFixture.named("vit-hugging-face").open()
    let options = try ModelFixture.named("vit-hugging-face").options
    for paths in [paths, paths.reversed()] {
      let joined = try CLIPModel.open(paths, options: options)
      #expect(joined.source.files.count == 2 && joined.source.format == "onnx")
      #expect(joined.architecture == whole.architecture)
      for parameter in joined.schema.parameters where parameter.role != .logitScale {
        #expect(try joined.values(of: parameter) == whole.values(of: parameter), "\(parameter.name)")
      }
    }
  }
}
