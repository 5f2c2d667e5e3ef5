internal import Architecture
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
  /// The largest relative error of a row that the bundle's precision explains.
  let tolerance: Double

  /// Tensors with larger errors, in schema order.
  func errors(_ progress: WorkProgress) throws(ModelError) -> [WeightError] {
    var errors: [WeightError] = []
    let parameters = restored.schema.parameters.filter(\.isComparable)
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
      if worst.error > tolerance {
        errors.append(
          WeightError(tensor: parameter.name.description, row: worst.row, error: worst.error))
      }
    }
    return errors
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
