public import ReferenceForward

/// The vectors to diagnose: `[count, width]`.
public struct GivenVectors: Sendable {
  public let values: Tensor
  /// The stored type, such as F32.
  public let storedType: String

  /// - Precondition: `values` has two axes.
  public init(_ values: Tensor, storedType: String) {
    precondition(values.shape.count == 2, "\(values.shape)")
    self.values = values
    self.storedType = storedType
  }

  public var count: Int { values.shape[0] }
  public var width: Int { values.shape[1] }

  /// Rows with NaN or infinity.
  var nonFiniteRows: [Int] { (0..<count).filter { !values.row($0).allSatisfy(\.isFinite) } }

  /// Rows of zeros.
  var zeroRows: [Int] { (0..<count).filter { values.row($0).allSatisfy { $0 == 0 } } }

  /// Whether every row is the same, of at least two.
  var isConstant: Bool {
    guard count > 1 else { return false }
    return (1..<count).allSatisfy { row in
      zip(values.row(0), values.row(row)).allSatisfy { abs($0 - $1) <= 1e-6 * max(abs($0), 1e-3) }
    }
  }

  /// Whether every value is one that FP16 holds.
  var isHalf: Bool {
    values.values.allSatisfy { $0.isFinite && Float(Float16($0)) == $0 }
  }

  /// Rows and columns exchanged: `[width, count]`.
  var transposed: GivenVectors {
    let (count, width) = (count, width)
    let swapped = (0..<values.values.count).map { values.values[$0 % count * width + $0 / count] }
    return GivenVectors(Tensor([width, count], swapped), storedType: storedType)
  }

  /// The requested rows, in this order.
  func rows(_ indices: [Int]) -> Tensor {
    Tensor([indices.count, width], indices.flatMap { values.row($0) })
  }
}
