internal import COpenBLAS

/// Matrix products on OpenBLAS. Its own threads stay off (`MatrixProduct.prepare`): rows are split over ours, so that
/// products, attention heads and elementwise loops share one pool.
enum MatrixProduct {
  /// Call once before the first product; the setting is the process's.
  static func prepare() { openblas_set_num_threads(1) }

  /// A matrix inside a larger array: element (row, column) lies at `row * stride + column`.
  struct View {
    var base: UnsafePointer<Float>
    var stride: Int
  }

  struct MutableView {
    var base: UnsafeMutablePointer<Float>
    var stride: Int
  }

  /// c[M, N] = scale · a[M, K] · b[N, K]ᵀ
  static func multiplyTransposed(
    _ a: View, _ b: View, into c: MutableView, m: Int, n: Int, k: Int, scale: Float = 1
  ) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(m), blasint(n), blasint(k), scale, a.base,
      blasint(a.stride), b.base, blasint(b.stride), 0, c.base, blasint(c.stride))
  }

  /// c[M, N] = a[M, K] · b[K, N]
  static func multiply(_ a: View, _ b: View, into c: MutableView, m: Int, n: Int, k: Int) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a.base,
      blasint(a.stride), b.base, blasint(b.stride), 0, c.base, blasint(c.stride))
  }
}

extension Tensor {
  /// y = x·Wᵀ + bias: x `[…, K]`, weight `[N, K]` → `[…, N]`.
  func linear(_ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
    let (n, k) = (weight.rowCount, weight.width)
    precondition(width == k, "\(shape) times \(weight.shape) transposed")
    var result = product(with: weight, columns: n) { x, w, y, rows in
      MatrixProduct.multiplyTransposed(x, w, into: y, m: rows, n: n, k: k)
    }
    if let bias { result.addRepeating(bias) }
    return result
  }

  /// y = x·P: x `[…, K]`, projection `[K, N]` → `[…, N]`.
  func projected(by projection: Tensor) -> Tensor {
    let (k, n) = (projection.shape[0], projection.width)
    precondition(width == k, "\(shape) times \(projection.shape)")
    return product(with: projection, columns: n) { x, w, y, rows in
      MatrixProduct.multiply(x, w, into: y, m: rows, n: n, k: k)
    }
  }

  /// Rows of x in one piece per processor.
  private func product(
    with weight: Tensor, columns: Int,
    _ multiply: (MatrixProduct.View, MatrixProduct.View, MatrixProduct.MutableView, Int) -> Void
  ) -> Tensor {
    let width = width
    let weightStride = weight.width
    return Tensor(shape.dropLast() + [columns]) { output in
      values.withUnsafeBufferPointer { input in
        weight.values.withUnsafeBufferPointer { matrix in
          guard let x = input.baseAddress, let w = matrix.baseAddress, let y = output.baseAddress else {
            return
          }
          forEachProductRange(rowCount) { rows in
            multiply(
              .init(base: x + rows.lowerBound * width, stride: width), .init(base: w, stride: weightStride),
              .init(base: y + rows.lowerBound * columns, stride: columns), rows.count)
          }
        }
      }
    }
  }
}
