package import Architecture
package import BundleFormat
package import Models
internal import Quantization
package import TensorTypes

/// How far the weights restored from a bundle may differ from its source's, as the forms of the bundle explain.
package struct ExplainedRounding {
  private let bundle: BundleDescription
  private let calibrated, corrected: Set<ParameterName>

  /// - Parameter parameters: of the model that is restored.
  package init(_ bundle: BundleDescription, _ parameters: [Parameter]) {
    self.bundle = bundle
    let calibrated = Set(bundle.matrixForms.filter(\.form.isCalibrated).map(\.name))
    self.calibrated = calibrated
    let biases = parameters.indices.filter { calibrated.contains(parameters[$0].name) }
      .compactMap { RoundingPlan.biasIndex(of: $0, in: parameters) }
    corrected = Set(biases.map { parameters[$0].name })
  }

  /// - Parameter steps: of an int8 tensor.
  package func bound(_ parameter: Parameter, storedAs type: DType, _ steps: RoundingSteps?) -> RoundingBound {
    if corrected.contains(parameter.name) { return .none }
    let precision = parameter.tower == .image ? bundle.imagePrecision : bundle.textPrecision
    switch type {
    case .i8:
      guard let steps else { return .none }
      return .steps(steps, count: calibrated.contains(parameter.name) ? Self.calibratedSteps : 0.5)
    case .f16:
      // Equalization may have shrunk a value by some powers of two first.
      return .half(leastSpacing: precision == .int8 ? 0x1p-20 : 0x1p-24)
    case .f32, .f64, .bf16, .i64, .i32, .i16, .u64, .u32, .u16, .u8, .bool:
      return .relative(precision == .int8 ? 1e-6 : 0)
    }
  }

  /// Calibrated rounding moves a value to make up for the errors of others.
  private static let calibratedSteps = 8.0
}

/// How far a value restored from a bundle may be from its source's.
package enum RoundingBound: Sendable {
  /// Biases of calibrated matrices also hold the mean error of the layer's output, which can exceed the bias itself.
  case none
  /// FP32 stores the source's bits: 0. In int8 towers they are multiplied by powers of two, which only loses bits of numbers
  /// below the smallest normal one.
  case relative(Double)
  /// FP16: half of the distance to the next number, which is at least `leastSpacing`.
  case half(leastSpacing: Double)
  /// int8: so many steps.
  case steps(RoundingSteps, count: Double)

  package func limit(at index: Int, source: Float) -> Double {
    switch self {
    case .none: .infinity
    case .relative(let share): share * abs(Double(source))
    case .half(let leastSpacing): Self.slack * max(leastSpacing, Double(Float16(source).ulp)) / 2
    case .steps(let steps, let count): (count + Self.roundedSteps) * Double(steps[index])
    }
  }

  /// The products that restore a value round, too.
  private static let slack = 1 + 1e-5

  /// FP32 rounds the quotient of a value and its step, which is below 128, by at most 2⁻¹⁸, and the product that restores the
  /// value by 2⁻²⁴ of it, at most 2⁻¹⁷ steps. Among the 200 million values of a large token table, both occur together.
  private static let roundedSteps = 0x1.8p-17

  var isNone: Bool {
    switch self {
    case .none: true
    case .relative, .half, .steps: false
    }
  }
}

extension RoundingBound {
  /// The first value that is further from the source's than the bound allows.
  ///
  /// An int8 row's largest value is 127 steps by definition (docs/BUNDLE.md), so a wrong scale cannot hide wrong values.
  package func violation(_ mine: Span<Float>, _ source: Span<Float>, _ parameter: Parameter) -> Int? {
    for index in 0..<source.count {
      let difference = abs(Double(mine[index]) - Double(source[index]))
      if !(difference <= limit(at: index, source: source[index])) { return index }
    }
    guard case .steps(let steps, count: _) = self else { return nil }
    return Self.wrongScale(steps, source, parameter)
  }

  private static func wrongScale(_ steps: RoundingSteps, _ source: Span<Float>, _ parameter: Parameter)
    -> Int?
  {
    let columns = parameter.shape[parameter.shape.count - 1]
    let rowLength = parameter.rowLength
    let isByColumn = parameter.sharesScaleByColumn
    var largest = [Double](repeating: 0, count: isByColumn ? columns : source.count / rowLength)
    for index in 0..<source.count {
      let row = isByColumn ? index % columns : index / rowLength
      largest[row] = max(largest[row], abs(Double(source[index])) / Double(steps[index]))
    }
    guard let row = largest.firstIndex(where: { $0 > 0 && !(abs($0 - 127) <= 1e-3) }) else { return nil }
    return isByColumn ? row : row * rowLength
  }
}

extension Parameter {
  /// The number of values that share a scale: all inputs of an output channel, or a row of a table.
  fileprivate var rowLength: Int { max(1, elementCount / shape[0]) }

  /// Whether the outputs are the columns.
  fileprivate var sharesScaleByColumn: Bool {
    switch role {
    case .projection: true
    case .linear, .convolution, .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias: false
    }
  }
}
