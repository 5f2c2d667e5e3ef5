package import Architecture
package import BundleFormat
internal import Quantization
package import TensorTypes

/// How far the weights restored from a bundle may differ from its source's, as the forms of the bundle explain.
package struct ExplainedRounding {
  private let bundle: BundleDescription
  private let corrected: Set<ParameterName>

  /// - Parameter parameters: of the model that is restored.
  package init(_ bundle: BundleDescription, _ parameters: [Parameter]) {
    self.bundle = bundle
    corrected = Self.correctedBiases(parameters, bundle)
  }

  /// Biases of calibrated matrices, which also hold the mean error of the layer's output. It can exceed the bias itself, so
  /// nothing bounds their difference.
  private static func correctedBiases(
    _ parameters: [Parameter], _ bundle: BundleDescription
  ) -> Set<ParameterName> {
    let calibrated = Set(bundle.matrixForms.filter(\.form.isCalibrated).map(\.name))
    let biases = parameters.indices.filter { calibrated.contains(parameters[$0].name) }
      .compactMap { RoundingPlan.biasIndex(of: $0, in: parameters) }
    return Set(biases.map { parameters[$0].name })
  }

  /// The largest relative error of a row that its stored type explains; nil if nothing bounds it.
  ///
  /// FP32 stores the source's bits, in int8 towers times powers of two, which only loses bits of numbers below its smallest
  /// normal. FP16 keeps eleven bits, and fewer for values near its smallest. int8 rounds by 1/254 of a row's largest value,
  /// which is a few percent of a row with one outlier. A wrong scale is an error of half or more.
  package func tolerance(_ parameter: Parameter, storedAs type: DType) -> Double? {
    if corrected.contains(parameter.name) { return nil }
    switch type {
    case .i8: return 0.25
    case .f16: return 1e-2
    case .f32, .f64, .bf16, .i64, .i32, .i16, .u64, .u32, .u16, .u8, .bool:
      return (parameter.tower == .image ? bundle.imagePrecision : bundle.textPrecision) == .int8 ? 1e-6 : 0
    }
  }

  /// The row with the largest ‖difference‖ / ‖truth‖.
  ///
  /// - Parameter rowLength: `Parameter.rowLength`.
  package static func worstRow(
    _ mine: Span<Float>, _ truth: Span<Float>, rowLength: Int
  ) -> (row: Int, error: Double) {
    var worst = (row: 0, error: 0.0)
    for row in 0..<(truth.count / rowLength) {
      var noise = 0.0
      var signal = 0.0
      for index in row * rowLength..<(row + 1) * rowLength {
        let difference = Double(mine[index]) - Double(truth[index])
        noise += difference * difference
        signal += Double(truth[index]) * Double(truth[index])
      }
      let error = signal > 0 ? (noise / signal).squareRoot() : noise > 0 ? 1 : 0
      if !(error <= worst.error) { worst = (row, error.isFinite ? error : StageError.notFinite) }
    }
    return worst
  }
}

extension Parameter {
  /// The number of values that share a scale: all inputs of an output channel, or a row of a table. A projection's
  /// outputs are its columns, so it counts as one row, like vectors.
  package var rowLength: Int {
    switch role {
    case .linear, .convolution, .tokenTable: max(1, elementCount / shape[0])
    case .projection, .positions, .vector, .batchNorm, .logitScale, .logitBias: max(1, elementCount)
    }
  }
}
