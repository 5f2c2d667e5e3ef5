package import Architecture
internal import BundleFormat
package import Models
internal import Progress
package import Quantization
internal import TensorTypes

/// A tensor of a bundle that differs from its source's by more than its precision explains.
public struct WeightError: Sendable, Equatable, Codable {
  /// The canonical name. Of a BatchNorm, `….weight` is the scale that it is folded into.
  public var tensor: String
  /// The first index of the first value that differs: an output channel, a table's row, or an element of a vector.
  public var row: Int
  /// ‖difference‖ / ‖source‖.
  public var error: Double
  /// What was done to the source's values, if that is known: `transposed`.
  public var cause: String?
}

/// Compares the weights restored from a bundle with its source's, value by value. This finds faults that are too small to
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
    let parameters = restored.schema.parameters
    progress.begin("comparing stored weights", .bytes, of: parameters.reduce(0) { $0 + 4 * $1.elementCount })
    for parameter in parameters {
      defer { progress.add(4 * parameter.elementCount) }
      guard let original = source.parameter(parameter.name) else {
        // A tower that is absent is not compared, and the verdict says so.
        if source.has(parameter.tower) {
          errors.append(WeightError(parameter, "the source has no such tensor"))
        }
        continue
      }
      guard original.shape == parameter.shape else {
        errors.append(
          WeightError(parameter, "the source's shape is \(original.shape), not \(parameter.shape)"))
        continue
      }
      if case .batchNorm(let part, of: let norm) = parameter.role {
        if part == .gain { errors += try foldErrors(norm, original) }
        continue
      }
      let bound = rounding.bound(
        parameter, storedAs: restored.storedType(of: parameter), try restored.roundingSteps(of: parameter))
      guard !bound.isNone else { continue }
      let (mine, truth) = (try restored.values(of: parameter), try source.values(of: original))
      restored.release(parameter)
      source.release(original)
      if let error = WeightError(parameter, bound, mine, truth) { errors.append(error) }
    }
    let extra = source.schema.parameters.filter { parameter in
      parameter.tower != nil && restored.has(parameter.tower) && restored.parameter(parameter.name) == nil
    }
    errors += extra.map { WeightError($0, "the bundle has no such tensor") }
    return try errors.namingExchanged(restored, source)
  }

  /// Of a BatchNorm, which a bundle stores as the scale and the bias that it is folded into.
  private func foldErrors(
    _ norm: Parameter.BatchNorm, _ original: Parameter
  ) throws(ModelError) -> [WeightError] {
    guard case .batchNorm(_, of: let originalNorm) = original.role else { return [] }
    let (mine, truth) = (try restored.fold(norm), try source.fold(originalNorm))
    let parts = [(norm.gain, mine.scale, truth.scale), (norm.bias, mine.bias, truth.bias)]
    return parts.compactMap { index, mine, truth in
      let parameter = restored.schema.parameters[index]
      return WeightError(parameter, rounding.bound(parameter, storedAs: .f32, nil), mine, truth)
    }
  }
}

extension WeightError {
  /// A tensor whose values cannot be compared.
  fileprivate init(_ parameter: Parameter, _ cause: String) {
    self.init(tensor: parameter.name.description, row: 0, error: 1, cause: cause)
  }

  /// Nil if the bound explains every difference.
  fileprivate init?(_ parameter: Parameter, _ bound: RoundingBound, _ mine: [Float], _ truth: [Float]) {
    guard let place = bound.violation(mine.span, truth.span, parameter) else { return nil }
    var (noise, signal) = (0.0, 0.0)
    for index in truth.indices {
      let difference = Double(mine[index]) - Double(truth[index])
      noise += difference * difference
      signal += Double(truth[index]) * Double(truth[index])
    }
    let error = signal > 0 ? (noise / signal).squareRoot() : 1
    tensor = parameter.name.description
    row = place / (parameter.elementCount / max(1, parameter.shape.first ?? 1))
    self.error = error.isFinite ? error : StageError.notFinite
    cause = WeightChange.name(mine, truth, parameter, bound)
  }
}

extension [WeightError] {
  /// Names tensors that hold the values of each other. Of many, the first are tried.
  fileprivate func namingExchanged(
    _ restored: CLIPModel, _ source: CLIPModel
  ) throws(ModelError) -> [WeightError] {
    var errors = self
    let unnamed = errors.indices.filter { errors[$0].cause == nil }.prefix(40)
    let beginnings = try unnamed.map { index throws(ModelError) in
      (try restored.beginning(errors[index].tensor), try source.beginning(errors[index].tensor))
    }
    for (position, index) in unnamed.enumerated() {
      let other = unnamed.indices.first { candidate in
        candidate != position && !beginnings[position].0.isEmpty
          && beginnings[position].0.isClose(to: beginnings[candidate].1)
      }
      if let other { errors[index].cause = "the values of \(errors[unnamed[other]].tensor)" }
    }
    return errors
  }
}

extension CLIPModel {
  /// False for parameters of no tower: the setting of the score says whether there are any.
  fileprivate func has(_ tower: Tower?) -> Bool {
    switch tower {
    case .image: architecture.image != nil
    case .text: architecture.text != nil
    case nil: false
    }
  }

  /// Enough values to recognize a tensor.
  fileprivate func beginning(_ name: String) throws(ModelError) -> [Float] {
    guard let parameter = parameter(ParameterName(utf8: Array(name.utf8))) else { return [] }
    return try values(of: parameter, in: 0..<Swift.min(64, parameter.elementCount))
  }

  /// Scale and bias of a BatchNorm.
  package func fold(_ norm: Parameter.BatchNorm) throws(ModelError) -> BatchNormFold {
    let parameters = schema.parameters
    return BatchNormFold(
      gain: try values(of: parameters[norm.gain]), bias: try values(of: parameters[norm.bias]),
      mean: try values(of: parameters[norm.runningMean]),
      variance: try values(of: parameters[norm.runningVariance]), epsilon: architecture.image?.epsilon ?? 0)
  }
}

extension [Float] {
  /// Within 2 % of the norm, more than int8 rounds and less than LayerNorms of neighbouring blocks differ.
  fileprivate func isClose(to other: [Float]) -> Bool {
    guard count == other.count else { return false }
    var (noise, signal) = (0.0, 0.0)
    for (mine, theirs) in zip(self, other) {
      noise += Double(mine - theirs) * Double(mine - theirs)
      signal += Double(theirs) * Double(theirs)
    }
    return signal > 0 && noise <= 4e-4 * signal
  }
}
