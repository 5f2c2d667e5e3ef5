import Architecture
import BundleFormat
import Calibration
import Checkpoints
import Foundation
import Models
import Quantization
import TestSupport
import Testing
import Verification

@Suite("Calibrated rounding") struct CalibrationTests {
  private func model(_ fixture: String) throws -> CLIPModel {
    var options = ModelOptions()
    options.preprocessing = .openAI
    return try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
  }

  private func plan(
    _ model: CLIPModel, towers: CLIPArchitecture? = nil, threads: Int = 0
  ) throws -> RoundingPlan {
    var calibration = Calibration(
      model: model, set: .calibration(for: model.architecture), towers: towers ?? model.architecture)
    calibration.threads = threads
    return try calibration.plan()
  }

  /// The digests were computed on an AMD EPYC (Zen 4) with AVX-512. The reference's portable product and CRounding give
  /// the same bits on every machine, so one digest holds everywhere.
  @Test(
    "A plan has these bits on every machine",
    arguments: [
      ("valid/vit-torchscript-1.7.pt", "fe420c4d919749e6"),
      ("valid/rn-torchscript-1.7.pt", "7fb98614b9708a58"),
    ])
  func bits(_ fixture: String, _ digest: String) throws {
    let model = try model(fixture)
    let plan = try plan(model)
    #expect(Self.digest(plan, model) == digest)
    #expect(try self.plan(model, threads: 1) == plan)
  }

  @Test(
    "Every matrix is rounded by its inputs, and every bias takes up the mean error",
    arguments: ["minis/mini-vit.pt", "minis/mini-rn.pt"])
  func everyMatrix(_ fixture: String) throws {
    let model = try model(fixture)
    let plan = try plan(model)
    var biases = 0
    for (index, parameter) in model.schema.parameters.enumerated() {
      switch parameter.role {
      case .linear, .projection, .convolution:
        let matrix = try #require(WeightMatrix(parameter))
        let rounded = try #require(plan.matrices[parameter.name], "\(parameter.name)")
        #expect(rounded.values.count == matrix.outputs * matrix.inputs)
        #expect(rounded.scales.count == matrix.outputs)
        guard let bias = Self.bias(of: index, model.schema.parameters) else { continue }
        #expect(plan.corrections[bias]?.count == matrix.outputs, "\(bias)")
        biases += 1
      case .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias:
        #expect(plan.matrices[parameter.name] == nil)
      }
    }
    #expect(plan.corrections.count == biases && biases > 8)
  }

  /// The schema lists a linear layer's bias, or a convolution's BatchNorm, right behind its weights.
  private static func bias(of index: Int, _ parameters: [Parameter]) -> ParameterName? {
    let name = parameters[index].name.description
    if name.hasPrefix("visual.conv1"), !parameters[index + 1].name.description.hasPrefix("visual.bn1") {
      return nil
    }
    return switch parameters[index].role {
    case .linear: parameters[index + 1].name
    case .convolution: parameters[index + 2].name
    default: nil
    }
  }

  @Test("A plan for one tower has the same roundings as for both")
  func oneTower() throws {
    let model = try model("minis/mini-vit.pt")
    let both = try plan(model)
    let image = try plan(model, towers: model.architecture.keeping(image: true, text: false))
    let text = try plan(model, towers: model.architecture.keeping(image: false, text: true))
    #expect(image.matrices.merging(text.matrices) { one, _ in one } == both.matrices)
    #expect(Set(image.matrices.keys).isDisjoint(with: text.matrices.keys))
  }

  @Test("Most weights are rounded to a neighbour, and some not to the nearest")
  func neighbours() throws {
    let model = try model("minis/mini-vit.pt")
    let plan = try plan(model)
    let parameter = try #require(
      model.schema.parameters.first { $0.name.description.hasSuffix("resblocks.1.mlp.c_proj.weight") })
    let rounded = try #require(plan.matrices[parameter.name])
    let weights = try model.values(of: parameter)
    let distances = weights.indices.map { index in
      abs(weights[index] / rounded.scales[index / parameter.shape[1]] - Float(rounded.values[index]))
    }
    let others = distances.count { $0 > 0.5 }
    #expect(distances.allSatisfy { $0 < 4 } && others > weights.count / 50 && others < weights.count / 2)
  }

  /// FNV-1a of the values, scales and corrections in the schema's order.
  private static func digest(_ plan: RoundingPlan, _ model: CLIPModel) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ bits: UInt64) { hash = (hash ^ bits) &* 0x0000_0100_0000_01b3 }
    for parameter in model.schema.parameters {
      for value in plan.matrices[parameter.name]?.values ?? [] { add(UInt64(UInt8(bitPattern: value))) }
      for scale in plan.matrices[parameter.name]?.scales ?? [] { add(UInt64(scale.bitPattern)) }
      for error in plan.corrections[parameter.name] ?? [] { add(error.bitPattern) }
    }
    return String(hash, radix: 16)
  }
}
