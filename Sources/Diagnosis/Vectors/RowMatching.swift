internal import ReferenceForward

/// Which row of one set is closest to each of another.
struct RowMatching {
  /// For each right row, in its position, the given row that is closest to it.
  let order: [Int]
  /// 1 − cosine with that row.
  let closeness: Closeness

  /// - Parameters:
  ///   - given: `[rows, width]`.
  ///   - right: as many.
  init(_ given: Tensor, _ right: Tensor) {
    let (given, right) = (given.normalized, right.normalized)
    var order: [Int] = []
    var errors: [Double] = []
    for input in 0..<right.shape[0] {
      let candidates = (0..<given.shape[0]).map { Closeness.error(given.row($0), right.row(input)) }
      let best = candidates.indices.min { candidates[$0] < candidates[$1] } ?? input
      // Equal inputs have equal vectors: then the row in its own position counts.
      let chosen = candidates[input] <= candidates[best] + 1e-9 ? input : best
      order.append(chosen)
      errors.append(candidates[chosen])
    }
    self.order = order
    closeness = Closeness(errors: errors)
  }

  var isIdentity: Bool { order == Array(order.indices) }
  var isPermutation: Bool { Set(order).count == order.count }
  var isReversed: Bool { order == order.indices.reversed() }

  /// The correlation of the similarities among the given rows with those among the right ones; nil for fewer than five
  /// rows. Near 1 for the same inputs, whatever the space.
  static func similarityCorrelation(_ given: Tensor, _ right: Tensor) -> Double? {
    let count = given.shape[0]
    guard count >= 5 else { return nil }
    var (first, second): ([Double], [Double]) = ([], [])
    for row in 1..<count {
      for other in 0..<row {
        first.append(Closeness.error(given.row(row), given.row(other)))
        second.append(Closeness.error(right.row(row), right.row(other)))
      }
    }
    return correlation(first, second)
  }

  private static func correlation(_ x: [Double], _ y: [Double]) -> Double? {
    let n = Double(x.count)
    let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xy += (a - meanX) * (b - meanY)
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
  }
}
