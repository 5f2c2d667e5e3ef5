import Architecture
import BundleFormat
import CKernels
import CPlatform

extension ResNetTrunkPass {
  /// `AttentionPool2d.forward`: the query is the mean over all pixels; keys and values are the mean and every pixel.
  ///
  /// - Parameter tokens: a map used as a buffer. `x` is overwritten after it is read.
  func pool(_ x: FeatureMap, tokens: UnsafeMutablePointer<Float>) -> Rows<Float> {
    let tokens = Rows(base: tokens, stride: x.stride)
    makeTokens(x, into: tokens)
    let input = prepared(tokens, rows: tokenCount, for: weights.pool.attention.query)
    // A map holds all tokens, so the memory of x can be reused for two rows: the query and the attention's output.
    let (query, output) = (x.rows, x.rows.dropping(1))
    compute.linear(weights.pool.attention.query, input, rows: 1, into: query)
    restore(tokens, input)
    PoolingWork(
      kernels: compute.kernels, tokenCount: tokenCount, weights: weights.pool.attention, tokens: tokens,
      query: query.base, output: output.base, buffers: scratch.pooling, widened: scratch.patches.floats,
      width: width
    ).run(parts: weights.pool.attention.heads, threads: compute.threads)
    output.clearPadding(0, width)
    let pooled = prepared(output, rows: 1, for: weights.pool.attention.output)
    compute.linear(weights.pool.attention.output, pooled, rows: 1, into: scratch.result)
    return scratch.result
  }

  /// The map's pixels and their mean.
  private var tokenCount: Int { weights.pool.pool.tokenCount(of: weights.tower) }
  private var width: Int { weights.trunk.outputWidth }

  /// Writes the mean of all pixels, then the pixels, each plus its positional embedding.
  private func makeTokens(_ x: FeatureMap, into tokens: Rows<Float>) {
    let kernels = compute.kernels.pointee
    let equalWeights = scratch.pooling.scores(worker: 0)
    equalWeights.update(repeating: 1, count: x.pixelCount)
    kernels.mean_rows_f32(x.pixelCount, x.stride, equalWeights, x.values, x.stride, tokens[0])
    for row in 0..<tokenCount {
      let values = row == 0 ? tokens[0] : x.rows[row - 1]
      kernels.add_f32(width, values, weights.pool.positions.row(row), tokens[row])
    }
  }

  private func prepared(_ rows: Rows<Float>, rows count: Int, for weights: LinearWeights) -> LinearInput {
    if let rounded = scratch.rounded {
      rounded.kernels.pointee.round_rows(
        1, count * rows.stride, rows.base, 0, rounded.values, 0)
      return .rounded(Rows(base: rounded.values, stride: rows.stride), rounded.kernels)
    }
    guard let quantized = quantized(for: weights) else { return .floats(rows) }
    let lines = QuantizedLines(values: rows.base, count: count, length: rows.stride)
    let range = compute.quantize(lines, into: quantized)
    let bytes = Rows(base: quantized.bytes, stride: rows.stride)
    return .quantized(QuantizedRows(bytes: bytes, lowPlane: quantized.lowPlane), .common(range))
  }

  /// Dequantizes tokens of one byte, because keys and values are computed from the quantized ones.
  private func restore(_ tokens: Rows<Float>, _ input: LinearInput) {
    guard case .quantized(let rows, .common(let quantization)) = input, rows.lowPlane == 0 else { return }
    compute.kernels.pointee.dequantize_u8(
      tokenCount * tokens.stride, rows.bytes.base, quantization.scale, quantization.zero_point, tokens.base)
  }
}
