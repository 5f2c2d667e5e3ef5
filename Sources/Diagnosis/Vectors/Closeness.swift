internal import ReferenceForward

/// How close two sets of vectors are, row by row.
public struct Closeness: Sendable, Equatable {
  /// 1 − cosine of each pair of rows: half the squared distance of the unit vectors, which is exact for small angles.
  public let errors: [Double]

  /// Rows of equal width. A row of zeros, or one that is not finite, has no direction: its error is 1.
  init(_ given: Tensor, _ right: Tensor) {
    errors = (0..<given.shape[0]).map { Self.error(given.row($0), right.row($0)) }
  }

  init(errors: [Double]) { self.errors = errors }

  public var worst: Double { 1 - (errors.max() ?? 0) }
  public var mean: Double { 1 - meanError }
  var worstError: Double { errors.max() ?? 0 }
  var meanError: Double { errors.isEmpty ? 0 : errors.reduce(0, +) / Double(errors.count) }

  static func error(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    let (lengthA, lengthB) = (length(a), length(b))
    guard lengthA > 0, lengthB > 0, lengthA.isFinite, lengthB.isFinite else { return 1 }
    var sum = 0.0
    for (x, y) in zip(a, b) {
      let difference = Double(x) / lengthA - Double(y) / lengthB
      sum += difference * difference
    }
    return sum / 2
  }

  static func length(_ row: ArraySlice<Float>) -> Double {
    row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
