import Architecture
import Archives
import BundleFormat
import BundleWriter
import Models
import Quantization
import TestSupport
import Testing

@Suite("Chosen roundings in a bundle") struct RoundingPlanTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func written(_ architecture: CLIPArchitecture, _ plan: RoundingPlan) throws -> [UInt8] {
    var request = SmallModels.request(architecture, .int8)
    request.rounding = plan
    var options = WriteOptions(path: folder.file("m.pclip"))
    options.replacesExisting = true
    let unfinished = try BundleWriter.write(request, options: options)
    _ = try unfinished.finish(SmallModels.selfTest(architecture))
    return try fileBytes(folder.file("m.pclip"))
  }

  private func restored(_ parameter: Parameter, _ bytes: [UInt8]) throws -> [Float] {
    let weights = try BundleWeights(MappedFile(copying: bytes.span.bytes, path: "memory"))
    var values = [Float](repeating: .nan, count: parameter.elementCount)
    try values.withUnsafeMutableBufferPointer { try weights.read(parameter, into: $0) }
    return values
  }

  @Test("A plan's values and scales are stored in every kind of matrix", arguments: SmallModels.all)
  func matrices(architecture: CLIPArchitecture) throws {
    var plan = RoundingPlan()
    let parameters = ParameterSchema(architecture).parameters
    for parameter in parameters {
      switch parameter.role {
      case .linear, .projection, .convolution:
        let matrix = try #require(WeightMatrix(parameter))
        plan.matrices[parameter.name] = RoundingPlan.Matrix(
          values: (0..<matrix.outputs * matrix.inputs).map { Int8($0 * 31 % 255 - 127) },
          scales: (0..<matrix.outputs).map { 1 + Float($0) })
      case .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias: break
      }
    }
    let bytes = try written(architecture, plan)
    // Exponents of equalization multiply columns and rows by powers of two.
    for parameter in parameters {
      guard let rounded = plan.matrices[parameter.name] else { continue }
      let matrix = try #require(WeightMatrix(parameter))
      let values = try restored(parameter, bytes)
      for row in 0..<matrix.outputs {
        for input in 0..<matrix.inputs {
          let expected = Float(rounded.values[row * matrix.inputs + input]) * rounded.scales[row]
          let found = values[matrix.canonicalIndex(row: row, input: input)]
          #expect(
            found.significand == expected.significand && found.sign == expected.sign, "\(parameter.name)")
        }
      }
    }
  }

  @Test("A correction is added to a bias after equalization, and to a BatchNorm's in units of its scale")
  func corrections() throws {
    for architecture in SmallModels.all {
      let parameters = ParameterSchema(architecture).parameters
      var plan = RoundingPlan()
      for parameter in parameters {
        let name = parameter.name.description
        let isBias = name.hasSuffix("bias") && !name.contains("ln_")
        if isBias, parameter.shape.count == 1 {
          plan.corrections[parameter.name] = (0..<parameter.shape[0]).map { Double($0) + 0.5 }
        }
      }
      let (nearest, corrected) = (try written(architecture, .nearest), try written(architecture, plan))
      for parameter in parameters {
        let before = try restored(parameter, nearest)
        let after = try restored(parameter, corrected)
        guard let correction = plan.corrections[parameter.name] else {
          #expect(before == after, "\(parameter.name)")
          continue
        }
        let scale = try scale(parameter, parameters, nearest)
        for index in before.indices {
          let change = Double(after[index]) - Double(before[index])
          let expected = correction[index] * scale[index]
          // Undoing equalization multiplies by a power of two.
          let ratio = change / expected
          let exponent = ratio > 0 ? Int(Double(ratio).exponent) : 0
          let power = Double(sign: .plus, exponent: abs(ratio - 1) < 1e-3 ? 0 : exponent, significand: 1)
          #expect(
            abs(ratio / power - 1) < 1e-3 || abs(ratio / power - 2) < 2e-3, "\(parameter.name) \(index)")
        }
      }
    }
  }

  /// 1, or the restored scale of a BatchNorm.
  private func scale(
    _ bias: Parameter, _ parameters: [Parameter], _ bytes: [UInt8]
  ) throws -> [Double] {
    guard case .batchNorm(.bias, of: let norm) = bias.role else {
      return [Double](repeating: 1, count: bias.shape[0])
    }
    return try restored(parameters[norm.gain], bytes).map { Double($0) }
  }

  @Test("Ids do not depend on the rounding")
  func ids() throws {
    var plan = RoundingPlan()
    let name = ParameterName("visual.transformer.resblocks.0.mlp.c_proj.bias")
    plan.corrections[name] = [Double](repeating: 0.25, count: 36)
    let (nearest, corrected) = (
      try written(SmallModels.vision, .nearest), try written(SmallModels.vision, plan)
    )
    let before = try BundleHeader(file: nearest.span.bytes)
    let after = try BundleHeader(file: corrected.span.bytes)
    #expect(before.description.spaceID == after.description.spaceID && before.bundleID != after.bundleID)
  }
}
