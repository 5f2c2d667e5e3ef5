import Architecture
import CKernels

extension ModifiedResNetPass {
  /// `AttentionPool2d.forward`: the mean of all pixels asks, the mean and all pixels answer.
  ///
  /// - Parameters:
  ///   - tokens, key, value: maps to work in; `x` is overwritten once it has been read.
  func pool(
    _ x: FeatureMap, tokens: UnsafeMutablePointer<Float>, key: UnsafeMutablePointer<Float>,
    value: UnsafeMutablePointer<Float>
  ) -> Rows<Float> {
    let width = tower.attentionPoolWidth
    let count = tower.tokenCount
    let tokens = Rows(base: tokens, stride: x.stride)
    makeTokens(x, into: tokens)
    let input = prepared(tokens, rows: count)
    let (keys, values) = (Rows(base: key, stride: x.stride), Rows(base: value, stride: x.stride))
    // A map has room for all tokens, so what is left of x holds two of them: the query and attention's output.
    let (query, output) = (x.rows, x.rows.dropping(1))
    compute.linear(weights.pool.query, input, rows: 1, into: query)
    compute.linear(weights.pool.key, input, rows: count, into: keys)
    compute.linear(weights.pool.value, input, rows: count, into: values)
    scratch.starts[0] = 0
    scratch.starts[1] = Int32(truncatingIfNeeded: count)
    compute.attend(
      Attention(
        heads: tower.heads, headSize: width / tower.heads,
        segments: Segments(starts: scratch.starts, items: 1),
        queries: .pooled, query: query, key: keys, value: values, output: output, scratch: scratch.attention))
    output.clearPadding(0, width)
    compute.linear(weights.pool.output, prepared(output, rows: 1), rows: 1, into: scratch.result)
    return scratch.result
  }

  /// The mean of all pixels, then the pixels, each plus its position.
  private func makeTokens(_ x: FeatureMap, into tokens: Rows<Float>) {
    let kernels = compute.kernels.pointee
    kernels.mean_rows_f32(x.pixelCount, x.stride, x.values, x.stride, tokens[0])
    tokens[1].update(from: x.values, count: x.elementCount)
    for row in 0..<tower.tokenCount {
      kernels.add_f32(tower.attentionPoolWidth, tokens[row], weights.pool.positions.row(row), tokens[row])
    }
  }

  private func prepared(_ rows: Rows<Float>, rows count: Int) -> LinearInput {
    guard let quantized = scratch.quantized else { return .floats(rows) }
    let bytes = quantized.bytes
    let range = compute.quantize(rows.base, count: count * rows.stride, into: bytes, quantized.ranges)
    return .quantized(Rows(base: bytes, stride: rows.stride), .common(range))
  }
}
