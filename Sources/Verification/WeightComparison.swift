internal import Architecture
internal import BundleFormat
internal import Models
internal import Progress

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
  private let rounding: ExplainedRounding

  init(restored: CLIPModel, source: CLIPModel, bundle: BundleDescription) {
    self.restored = restored
    self.source = source
    rounding = ExplainedRounding(bundle, restored.schema.parameters)
  }

  /// Tensors with larger errors, in schema order.
  func errors(_ progress: WorkProgress) throws(ModelError) -> [WeightError] {
    var errors: [WeightError] = []
    let parameters = restored.schema.parameters.filter { $0.isComparable && tolerance($0) != nil }
    progress.begin("comparing stored weights", .bytes, of: parameters.reduce(0) { $0 + 4 * $1.elementCount })
    for parameter in parameters {
      defer { progress.add(4 * parameter.elementCount) }
      guard let original = source.parameter(parameter.name), original.shape == parameter.shape,
        let tolerance = tolerance(parameter)
      else { continue }
      let (mine, truth) = (try restored.values(of: parameter), try source.values(of: original))
      let worst = ExplainedRounding.worstRow(mine.span, truth.span, rowLength: parameter.rowLength)
      restored.release(parameter)
      source.release(original)
      if worst.error > tolerance {
        errors.append(
          WeightError(tensor: parameter.name.description, row: worst.row, error: worst.error))
      }
    }
    return errors
  }

  private func tolerance(_ parameter: Parameter) -> Double? {
    rounding.tolerance(parameter, storedAs: restored.storedType(of: parameter))
  }
}

extension Parameter {
  /// A BatchNorm is restored in folded form: the same function with other numbers.
  fileprivate var isComparable: Bool {
    if case .batchNorm = role { false } else { true }
  }
}
