import Architecture
import BundleFormat
import Calibration
import Checkpoints
import Conversion
import Foundation
import Models
import PocketCLIP
import Quantization
import ReferenceForward
import Sensitivity
import TestSupport
import Testing
import Verification

@Suite("What rounding a matrix costs") struct SensitivityTests {
  private static let minis = ["minis/mini-vit.pt", "minis/mini-rn.pt"]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func model(_ fixture: String) throws -> CLIPModel {
    var options = ModelOptions()
    options.preprocessing = .openAI
    return try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
  }

  /// Few enough items that all of them are measured.
  private func items(of model: CLIPModel) -> ProbeSet {
    let set = ProbeSet.calibration(for: model.architecture)
    return ProbeSet(
      name: "few", images: (0..<4).map { set.images[$0 * 9] }, texts: (0..<16).map { set.texts[$0 * 8] })
  }

  private func plan(_ model: CLIPModel) throws -> RoundingPlan {
    try Calibration(
      model: model, set: .calibration(for: model.architecture), towers: model.architecture
    ).plan()
  }

  private func measured(
    _ model: CLIPModel, _ plan: RoundingPlan, towers: CLIPArchitecture? = nil,
    _ adjust: (inout Sensitivities) -> Void = { _ in }
  ) throws -> [ParameterName: Sensitivity] {
    var sensitivities = Sensitivities(
      model: model, set: items(of: model), towers: towers ?? model.architecture, plan: plan)
    adjust(&sensitivities)
    return try sensitivities.measure()
  }

  private func sum(
    _ costs: [ParameterName: Sensitivity], _ tower: Tower, of model: CLIPModel,
    _ cost: (Sensitivity) -> Double
  ) -> Double {
    model.schema.parameters.filter { $0.tower == tower }.reduce(0) { $0 + (costs[$1.name].map(cost) ?? 0) }
  }

  /// Errors of matrices are nearly independent: nearest and in `fast`, sums were 0.8 to 1.4 times the error. In the stem of
  /// the narrow ResNet (4 channels), errors of calibrated rounding cancel in part: 2.5 times.
  private static let lowestRatio = 0.6
  private static let highestRatio = 3.0

  @Test(
    "Costs of single matrices add up to the error of the bundle on the same items", arguments: minis,
    [Effort.nearest, .calibrated])
  func additive(_ fixture: String, _ effort: Effort) throws {
    let model = try model(fixture)
    let costs = try measured(model, effort == .nearest ? .nearest : plan(model))
    let bundle = try OpenBundle(path: converted(model, effort))
    for arithmetic in [Model.Arithmetic.exact, .fast] {
      let report = try Verifier.compare(
        bundle, arithmetic: arithmetic, with: model, probes: items(of: model), reference: .underTest)
      for tower in [Tower.image, .text] {
        let error = 1 - (try #require(report.tower(tower)).metrics.meanCosine)
        let sum = sum(costs, tower, of: model) { $0.weights + (arithmetic == .fast ? $0.activations : 0) }
        #expect(
          sum > error * Self.lowestRatio && sum < error * Self.highestRatio,
          "\(arithmetic), \(tower): \(sum) for \(error)")
      }
    }
  }

  /// The path of an int8 bundle.
  private func converted(_ model: CLIPModel, _ effort: Effort) throws -> String {
    var request = ConversionRequest(model: model, output: folder.file("m.pclip"), tool: "SensitivityTests")
    request.precision = .int8
    request.effort = effort
    _ = try Conversion.run(request)
    return request.output
  }

  @Test("Every rounded matrix has costs, the token table only of its weights", arguments: minis)
  func complete(_ fixture: String) throws {
    let model = try model(fixture)
    let costs = try measured(model, .nearest)
    var count = 0
    for parameter in model.schema.parameters {
      switch parameter.role {
      case .linear, .projection, .convolution:
        let cost = try #require(costs[parameter.name], "\(parameter.name)")
        #expect(cost.weights > 0 && cost.activations > 0 && cost.multiplyAdds >= parameter.elementCount)
        count += 1
      case .tokenTable:
        let cost = try #require(costs[parameter.name])
        #expect(cost.weights > 0 && cost.activations == 0 && cost.multiplyAdds == 0)
        count += 1
      case .positions, .vector, .batchNorm, .logitScale, .logitBias: break
      }
    }
    #expect(costs.count == count)
  }

  @Test("Calibrated rounding costs less than rounding to nearest", arguments: minis)
  func calibrated(_ fixture: String) throws {
    let model = try model(fixture)
    let (nearest, calibrated) = (try measured(model, .nearest), try measured(model, plan(model)))
    for tower in [Tower.image, .text] {
      #expect(
        sum(calibrated, tower, of: model, \.weights) < 0.8 * sum(nearest, tower, of: model, \.weights))
    }
    #expect(nearest.mapValues(\.activations) == calibrated.mapValues(\.activations))
  }

  @Test(
    "A matrix that is rounded badly on purpose costs most, per byte too",
    arguments: [
      ("minis/mini-vit.pt", "visual.transformer.resblocks.1.mlp.c_fc.weight"),
      ("minis/mini-vit.pt", "transformer.resblocks.0.attn.out_proj.weight"),
      ("minis/mini-rn.pt", "visual.layer2.0.conv2.weight"),
    ])
  func bad(_ fixture: String, _ name: String) throws {
    let model = try model(fixture)
    var plan = try plan(model)
    let parameter = try #require(model.schema.parameters.first { $0.name.description == name })
    var matrix = try #require(plan.matrices[parameter.name])
    matrix.values = matrix.values.map { $0 / 16 * 16 }  // 4 bits
    let good = try measured(model, plan)
    plan.matrices[parameter.name] = matrix
    let bad = try measured(model, plan)
    for other in model.schema.parameters where other.tower == parameter.tower && other.name != parameter.name
    {
      #expect(bad[other.name] == good[other.name])
      guard let cost = bad[other.name], let worst = bad[parameter.name] else { continue }
      #expect(worst.weights > cost.weights, "\(other.name)")
    }
    #expect(bad[parameter.name]?.activations == good[parameter.name]?.activations)
  }

  @Test("The memory for copies, the threads and the other tower change no bit", arguments: minis)
  func independent(_ fixture: String) throws {
    let model = try model(fixture)
    let plan = try plan(model)
    let costs = try measured(model, plan)
    #expect(try measured(model, plan) { $0.mostLayerValues = 1 } == costs)
    #expect(try measured(model, plan) { $0.threads = 1 } == costs)
    let image = try measured(model, plan, towers: model.architecture.keeping(image: true, text: false))
    let text = try measured(model, plan, towers: model.architecture.keeping(image: false, text: true))
    #expect(image.merging(text) { one, _ in one } == costs)
    #expect(image.count + text.count == costs.count)
  }

  /// The digests were computed on an AMD EPYC (Zen 4) with AVX-512.
  @Test(
    "The figures have these bits on every machine and with every instruction set",
    arguments: [
      ("valid/vit-torchscript-1.7.pt", "7b99c0df59efce75"),
      ("valid/rn-torchscript-1.7.pt", "6dd4d9c92ecde7c5"),
    ])
  func bits(_ fixture: String, _ digest: String) throws {
    let model = try model(fixture)
    for product in MatrixProduct.portableOfEachLevel {
      let costs = try measured(model, .nearest) { $0.product = product }
      #expect(Self.digest(costs, model) == digest)
    }
  }

  /// FNV-1a of the costs in the schema's order.
  private static func digest(_ costs: [ParameterName: Sensitivity], _ model: CLIPModel) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ bits: UInt64) { hash = (hash ^ bits) &* 0x0000_0100_0000_01b3 }
    for parameter in model.schema.parameters {
      guard let cost = costs[parameter.name] else { continue }
      add(cost.weights.bitPattern)
      add(cost.activations.bitPattern)
      add(UInt64(cost.multiplyAdds))
    }
    return String(hash, radix: 16)
  }

  @Test("A set without images measures only texts")
  func textsOnly() throws {
    let model = try model(Self.minis[0])
    let costs = try measured(model, .nearest) {
      $0.set = ProbeSet(name: "texts", images: [], texts: ["a cat"])
    }
    let names = Set(model.schema.parameters.filter { $0.tower == .text }.map(\.name))
    #expect(!costs.isEmpty && Set(costs.keys).isSubset(of: names))
  }
}
