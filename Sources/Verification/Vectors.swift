internal import ReferenceForward

/// Embeddings of several probes in double precision, one row each, compared as unit vectors.
public struct Vectors: Sendable, Equatable {
  /// Probes.
  public let count: Int
  /// Values per probe.
  public let width: Int
  /// Row by row.
  public let values: [Double]

  /// - Precondition: `count · width` values.
  public init(count: Int, width: Int, values: [Double]) {
    precondition(values.count == count * width, "\(values.count) values for \(count) rows of \(width)")
    self.count = count
    self.width = width
    self.values = values
  }

  init(_ tensor: Tensor) {
    self.init(count: tensor.rowCount, width: tensor.width, values: tensor.values.map(Double.init))
  }

  public func row(_ index: Int) -> ArraySlice<Double> { values[index * width..<(index + 1) * width] }

  /// Rows scaled to unit length.
  var normalized: Vectors {
    var result: [Double] = []
    result.reserveCapacity(values.count)
    for index in 0..<count {
      let length = row(index).reduce(0) { $0 + $1 * $1 }.squareRoot()
      result += row(index).map { length > 0 ? $0 / length : 0 }
    }
    return Vectors(count: count, width: width, values: result)
  }

  /// The column of the largest value in each row; the first if several are equal.
  var largestColumns: [Int] {
    (0..<count).map { index in
      let row = row(index)
      return row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex
    }
  }

  /// Dot products of every row of this matrix with every row of the other: `[count, other.count]`.
  func similarities(to other: Vectors) -> Vectors {
    var products: [Double] = []
    for mine in 0..<count {
      for theirs in 0..<other.count {
        products.append(zip(row(mine), other.row(theirs)).reduce(0) { $0 + $1.0 * $1.1 })
      }
    }
    return Vectors(count: count, width: other.count, values: products)
  }
}
