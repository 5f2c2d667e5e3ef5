internal import Architecture
internal import BundleFormat
internal import Models
internal import Progress
internal import Quantization
internal import TensorTypes

/// A tensor of a bundle that differs from its source's by more than its precision explains.
public struct WeightError: Sendable, Equatable, Codable {
  /// The canonical name.
  public var tensor: String
  /// The worst output channel or table row.
  public var row: Int
  /// ‖difference‖ / ‖source‖ of that row.
  public var error: Double
}

/// Compares the weights restored from a bundle with its source's, row by row. This finds faults that are too small to
/// show in an embedding.
struct WeightComparison {
  let restored: CLIPModel
  let source: CLIPModel
  private let bundle: BundleDescription
  private let corrected: Set<ParameterName>

  init(restored: CLIPModel, source: CLIPModel, bundle: BundleDescription) {
    self.restored = restored
    self.source = source
    self.bundle = bundle
    corrected = Self.correctedBiases(restored.schema.parameters, bundle)
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

  /// Tensors with larger errors, in schema order.
  func errors(_ progress: WorkProgress) throws(ModelError) -> [WeightError] {
    var errors: [WeightError] = []
    let parameters = restored.schema.parameters.filter {
      $0.isComparable && !corrected.contains($0.name)
    }
    progress.begin("comparing stored weights", .bytes, of: parameters.reduce(0) { $0 + 4 * $1.elementCount })
    for parameter in parameters {
      defer { progress.add(4 * parameter.elementCount) }
      guard let original = source.parameter(parameter.name), original.shape == parameter.shape else {
        continue
      }
      let worst = worstRow(
        try restored.values(of: parameter), try source.values(of: original), rowLength: parameter.rowLength)
      restored.release(parameter)
      source.release(original)
      if worst.error > tolerance(parameter) {
        errors.append(
          WeightError(tensor: parameter.name.description, row: worst.row, error: worst.error))
      }
    }
    return errors
  }

  /// The largest relative error of a row that its stored type explains. FP32 stores the source's bits, in int8 towers times
  /// powers of two, which only loses bits of numbers below its smallest normal. FP16 keeps eleven bits, and fewer for values
  /// near its smallest. int8 rounds by 1/254 of a row's largest value, which is a few percent of a row with one outlier. A
  /// wrong scale is an error of half or more.
  private func tolerance(_ parameter: Parameter) -> Double {
    switch restored.storedType(of: parameter) {
    case .i8: 0.25
    case .f16: 1e-2
    case .f32, .f64, .bf16, .i64, .i32, .i16, .u64, .u32, .u16, .u8, .bool:
      (parameter.tower == .image ? bundle.imagePrecision : bundle.textPrecision) == .int8 ? 1e-6 : 0
    }
  }

  private func worstRow(_ mine: [Float], _ truth: [Float], rowLength: Int) -> (row: Int, error: Double) {
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
  /// A BatchNorm is restored in folded form: the same function with other numbers.
  fileprivate var isComparable: Bool {
    if case .batchNorm = role { false } else { true }
  }

  /// The number of values that share a scale: all inputs of an output channel, or a row of a table. A projection's
  /// outputs are its columns, so it counts as one row, like vectors.
  fileprivate var rowLength: Int {
    switch role {
    case .linear, .convolution, .tokenTable: max(1, elementCount / shape[0])
    case .projection, .positions, .vector, .batchNorm, .logitScale, .logitBias: max(1, elementCount)
    }
  }
}
