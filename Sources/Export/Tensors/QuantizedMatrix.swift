internal import Quantization

/// A matrix, kernel or table, quantized as in bundles, row-major in its canonical shape.
struct QuantizedMatrix {
  /// In the block's canonical order.
  let elements: [Int8]
  /// One per output.
  let scales: [Float]

  /// - Parameter block: canonical order; outputs along `recipe.outputAxis`.
  init(_ recipe: TensorRecipe, _ block: Span<Float>, _ kernels: WeightKernels) {
    guard recipe.outputAxis != 0 else {
      (elements, scales) = Self.quantize(rows: block, count: recipe.outputCount, kernels)
      return
    }
    let transposed = block.permuted(shape: recipe.blockShape, axes: [1, 0])
    let rows = Self.quantize(rows: transposed.span, count: recipe.outputCount, kernels)
    let (inputs, outputs) = (recipe.blockShape[0], recipe.blockShape[1])
    elements = rows.elements.span.permuted(shape: [outputs, inputs], axes: [1, 0])
    scales = rows.scales
  }

  private static func quantize(
    rows: Span<Float>, count: Int, _ kernels: WeightKernels
  ) -> (elements: [Int8], scales: [Float]) {
    let scales = kernels.scales(ofLargest: kernels.largestMagnitudes(of: rows, rowCount: count))
    let width = rows.count / max(count, 1)
    var elements = [Int8](repeating: 0, count: rows.count)
    var target = elements.mutableSpan
    var bytes = target.mutableBytes
    for row in 0..<count {
      kernels.quantize(
        rows.extracting(row * width..<(row + 1) * width), scale: scales[row], into: &bytes, at: row * width)
    }
    return (elements, scales.map { $0 == 0 ? 1 : $0 })
  }
}
