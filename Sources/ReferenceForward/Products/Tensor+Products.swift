extension Tensor {
  /// y = x·Wᵀ + bias: x `[…, K]`, weight `[N, K]` → `[…, N]`.
  package func linear(_ weight: Tensor, _ bias: Tensor? = nil, by product: MatrixProduct) -> Tensor {
    precondition(width == weight.width, "\(shape) times \(weight.shape) transposed")
    var result = multiplied(by: weight, .transposed, columns: weight.rowCount, product)
    if let bias { result.addRepeating(bias) }
    return result
  }

  /// y = x·P: x `[…, K]`, projection `[K, N]` → `[…, N]`.
  package func projected(on projection: Tensor, by product: MatrixProduct) -> Tensor {
    precondition(width == projection.shape[0], "\(shape) times \(projection.shape)")
    return multiplied(by: projection, .plain, columns: projection.width, product)
  }

  /// Rows of x in one piece per processor.
  private func multiplied(
    by weight: Tensor, _ layout: MatrixProduct.Layout, columns: Int, _ product: MatrixProduct
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
            product(
              .init(base: x + rows.lowerBound * width, stride: width), .init(base: w, stride: weightStride),
              layout, into: .init(base: y + rows.lowerBound * columns, stride: columns),
              .init(m: rows.count, n: columns, k: width))
          }
        }
      }
    }
  }
}
