internal import ReferenceForward

/// What was done to right vectors after the model: checks that only need the vectors.
struct VectorChecks {
  /// `[rows, width]`; finite.
  let given: Tensor
  /// The model's, not normalized.
  let right: Tensor
  let tolerance: Tolerance
  /// Whether these are all rows, so that statistics over rows are known.
  let isComplete: Bool

  /// The first change that makes the vectors meet.
  func explanation(_ before: Closeness) -> (cause: Cause, after: Closeness)? {
    for (cause, changed) in changes() {
      let after = Closeness(given, changed)
      if tolerance.explains(after, before) { return (cause, after) }
    }
    return shifted(before)
  }

  private func changes() -> [(Cause, Tensor)] {
    let unit = right.normalized
    let always =
      [
        (Cause.negated, right.mapped { -$0 }),
        (.binarized, right.mapped { $0 > 0 ? 1 : -1 }), (.binarized, right.mapped { $0 > 0 ? 1 : 0 }),
      ] + unit.roundedToEightBits(withStatistics: isComplete).map { (.eightBits, $0) }
    guard isComplete, given.shape[0] >= Self.fewestRows else { return always }
    return [unit, right].flatMap { vectors in
      [
        (Cause.centred, vectors.byColumn { mean, _, _ in (mean, 1) }),
        (.columnNormalized, vectors.byColumn { _, _, length in (0, length) }),
        (.standardized, vectors.byColumn { mean, deviation, _ in (mean, deviation) }),
      ]
    } + always
  }

  /// The same vector was added to every row.
  private func shifted(_ before: Closeness) -> (cause: Cause, after: Closeness)? {
    guard given.shape[0] >= Self.mostFittedRows else { return nil }
    for vectors in [right.normalized, right] {
      var difference = given
      for index in difference.values.indices { difference.values[index] -= vectors.values[index] }
      let offsets = difference.columnMeans
      var moved = given
      for index in moved.values.indices { moved.values[index] -= Float(offsets[index % given.width]) }
      let after = Closeness(moved, vectors)
      if after.worstError <= tolerance.right, tolerance.explains(after, before) { return (.shifted, after) }
    }
    return nil
  }

  /// Fewer rows have no meaningful statistics.
  private static let fewestRows = 3
  /// Rows from which a fitted vector cannot explain everything.
  private static let mostFittedRows = 6
}

extension Tensor {
  fileprivate func mapped(_ transform: (Float) -> Float) -> Tensor { Tensor(shape, values.map(transform)) }

  fileprivate var columnMeans: [Double] {
    var sums = [Double](repeating: 0, count: width)
    for (index, value) in values.enumerated() { sums[index % width] += Double(value) }
    return sums.map { $0 / Double(max(rowCount, 1)) }
  }

  /// (x − offset) / scale of each column, from its mean, standard deviation and length.
  fileprivate func byColumn(
    _ change: (_ mean: Double, _ deviation: Double, _ length: Double) -> (offset: Double, scale: Double)
  ) -> Tensor {
    let means = columnMeans
    var squares = [Double](repeating: 0, count: width)
    for (index, value) in values.enumerated() { squares[index % width] += Double(value) * Double(value) }
    let changes = (0..<width).map { column in
      let meanSquare = squares[column] / Double(max(rowCount, 1))
      let deviation = max(0, meanSquare - means[column] * means[column]).squareRoot()
      return change(means[column], deviation, squares[column].squareRoot())
    }
    let changed = values.enumerated().map { index, value in
      let (offset, scale) = changes[index % width]
      return Float((Double(value) - offset) / (scale > 0 ? scale : 1))
    }
    return Tensor(shape, changed)
  }
}
