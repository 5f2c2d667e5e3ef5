internal import CPortableProduct

/// Products whose bits do not depend on machine, thread count or the division into rows: FP64 sums in ascending order
/// of the inner index, rounded once.
struct PortableProduct: Sendable {
  private let level: pp_level

  init() { level = pp_fastest_level() }

  private init(_ level: pp_level) { self.level = level }

  /// One for each instruction set of this processor, slowest first.
  static var ofEachLevel: [PortableProduct] {
    (0...pp_fastest_level().rawValue).map { PortableProduct(pp_level(rawValue: $0)) }
  }

  /// Runs on the calling thread. The workspace only depends on K: 1,664 bytes per inner index.
  func multiply(
    _ a: MatrixProduct.View, _ b: MatrixProduct.View, _ layout: MatrixProduct.Layout,
    into c: MatrixProduct.MutableView, _ size: MatrixProduct.Size, scale: Float
  ) {
    let left = pp_matrix(values: a.base, row_stride: a.stride, column_stride: 1)
    let right =
      switch layout {
      case .plain: pp_matrix(values: b.base, row_stride: b.stride, column_stride: 1)
      case .transposed: pp_matrix(values: b.base, row_stride: 1, column_stride: b.stride)
      }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: pp_workspace(size.k)) { workspace in
      guard let scratch = workspace.baseAddress else { return }  // if k == 0, a base exists too
      pp_multiply(level, size.m, size.n, size.k, scale, left, right, c.base, c.stride, scratch)
    }
  }
}
