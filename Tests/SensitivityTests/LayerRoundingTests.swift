import Architecture
import BundleFormat
import Calibration
import Checkpoints
import Conversion
import Foundation
import Models
import Quantization
import Sensitivity
import TestSupport
import Testing
import Verification

@Suite("A matrix as a bundle rounds it") struct LayerRoundingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "Weights have the bits that a bundle restores, and biases are corrected like the bundle's",
    arguments: ["minis/mini-vit.pt", "minis/mini-rn.pt"], [Effort.nearest, .calibrated])
  func restored(_ fixture: String, _ effort: Effort) throws {
    var options = ModelOptions()
    options.preprocessing = .openAI
    let model = try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
    var request = ConversionRequest(model: model, output: folder.file("m.pclip"), tool: "LayerRoundingTests")
    request.precision = .int8
    request.effort = effort
    _ = try Conversion.run(request)
    let bundle = try CLIPModel.open(request.output)
    let parameters = model.schema.parameters
    var plan = RoundingPlan.nearest
    if effort == .calibrated {
      let set = ProbeSet.calibration(for: model.architecture)
      plan = try Calibration(model: model, set: set, towers: model.architecture).plan()
    }
    let rounding = LayerRounding(
      model: model, plan: plan,
      equalization: try Equalization(of: model, parameters, threads: 0) { _ in true })
    var corrected = 0
    for (index, parameter) in parameters.enumerated() {
      guard let matrix = WeightMatrix(parameter), parameter.role != .tokenTable, parameter.role != .positions
      else { continue }
      #expect(
        try rounding.roundedWeights(of: index, matrix) == bundle.values(of: parameter), "\(parameter.name)")
      guard let addition = rounding.addition(of: index) else { continue }
      let before = try Self.bias(of: index, model)
      let after = try Self.bias(of: index, bundle)
      for output in addition.indices {
        let expected = before.bias[output] + before.scale[output] * addition[output]
        #expect(abs(after.bias[output] - expected) <= 1e-6 * max(1, abs(expected)), "\(parameter.name)")
      }
      corrected += 1
    }
    #expect(corrected > (effort == .calibrated ? 8 : -1))
  }

  /// What is added to the outputs of a matrix, and what multiplies them before.
  private static func bias(of index: Int, _ model: CLIPModel) throws -> (scale: [Float], bias: [Float]) {
    let parameters = model.schema.parameters
    guard case .batchNorm(_, of: let norm) = parameters[index + 1].role else {
      let bias = try model.values(of: parameters[index + 1])
      return (bias.map { _ in 1 }, bias)
    }
    let fold = BatchNormFold(
      gain: try model.values(of: parameters[norm.gain]), bias: try model.values(of: parameters[norm.bias]),
      mean: try model.values(of: parameters[norm.runningMean]),
      variance: try model.values(of: parameters[norm.runningVariance]),
      epsilon: try #require(model.architecture.image).epsilon)
    return (fold.scale, fold.bias)
  }
}
