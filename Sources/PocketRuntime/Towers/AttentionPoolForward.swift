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
    let input = prepared(tokens, rows: tokenCount, for: weights.pool.query)
    // A map holds all tokens, so the memory of x can be reused for two rows: the query and the attention's output.
    let (query, output) = (x.rows, x.rows.dropping(1))
    compute.linear(weights.pool.query, input, rows: 1, into: query)
    restore(tokens, input)
    PoolingWork(
      kernels: compute.kernels, tokenCount: tokenCount, weights: weights.pool, tokens: tokens,
      query: query.base,
      output: output.base, buffers: scratch.pooling, widened: scratch.patches.floats, width: width
    ).run(parts: weights.pool.pool.heads, threads: compute.threads)
    output.clearPadding(0, width)
    let pooled = prepared(output, rows: 1, for: weights.pool.output)
    compute.linear(weights.pool.output, pooled, rows: 1, into: scratch.result)
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

/// The buffers in which a worker computes a head.
struct PoolingBuffers {
  /// Per worker: a row of all inputs, a row of all outputs, a score per token.
  private let rows: Rows<Float>
  private let width: Int

  init(_ memory: inout ScratchMemory, width: Int, tokenCount: Int, workers: Int) {
    self.width = width
    rows = memory.rows(workers, rowStride(2 * width + tokenCount, of: Float.self), of: Float.self)
  }

  func inputs(worker: Int) -> UnsafeMutablePointer<Float> { rows[worker] }
  func outputs(worker: Int) -> UnsafeMutablePointer<Float> { rows[worker] + width }
  func scores(worker: Int) -> UnsafeMutablePointer<Float> { rows[worker] + 2 * width }
}

/// Each part is one head. With a single query, keys and values need not be computed:
///
///     q·(Wₖ x + bₖ) = (Wₖᵀ q)·x + q·bₖ        Σ p (Wᵥ x + bᵥ) = Wᵥ (Σ p x) + bᵥ
///
/// The term q·bₖ is the same for all tokens and vanishes in the softmax.
private struct PoolingWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var tokenCount: Int
  var weights: AttentionPoolWeights
  var tokens: Rows<Float>
  var query: UnsafeMutablePointer<Float>
  var output: UnsafeMutablePointer<Float>
  var buffers: PoolingBuffers
  /// One row per worker, of at least 16 · width values.
  var widened: Rows<Float>
  let width: Int

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: PoolingWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part head: Int, worker: Int) {
    let headSize = width / weights.pool.heads
    let columns = head * headSize..<(head + 1) * headSize
    // A panel can hold outputs of two heads.
    let panels =
      columns.lowerBound / MatrixShape.panelWidth..<(columns.upperBound + MatrixShape.panelWidth - 1)
      / MatrixShape.panelWidth
    let inputs = buffers.inputs(worker: worker)
    let outputs = buffers.outputs(worker: worker)
    let scores = buffers.scores(worker: worker)
    transformQuery(columns, panels, outputs, into: inputs, worker: worker)
    for token in 0..<tokenCount { scores[token] = kernels.pointee.dot_f32(width, inputs, tokens[token]) }
    kernels.pointee.softmax_f32(1, tokenCount, scores, tokenCount)
    kernels.pointee.mean_rows_f32(tokenCount, width, scores, tokens.base, tokens.stride, inputs)
    var quantization = pk_quantization()
    withUnsafeMutablePointer(to: &quantization) { quantization in
      Compute(kernels: kernels, threads: 1).linear(
        weights.value, valueInput(inputs, quantization, worker: worker), rows: 1,
        into: Rows(base: outputs, stride: width), panels: panels)
    }
    (output + columns.lowerBound).update(from: outputs + columns.lowerBound, count: headSize)
  }

  /// The mean of the tokens in the form that the value projection needs: two bytes per activation for int8 weights.
  private func valueInput(
    _ inputs: UnsafeMutablePointer<Float>, _ quantization: UnsafeMutablePointer<pk_quantization>, worker: Int
  ) -> LinearInput {
    switch weights.value.panels {
    case .f32, .f16: return .floats(Rows(base: inputs, stride: width))
    case .s8:
      let bytes = UnsafeMutableRawPointer(widened[worker]).assumingMemoryBound(to: UInt8.self)
      let rows = QuantizedRows(
        bytes: Rows(base: bytes, stride: width), lowPlane: weights.value.shape.paddedInputs)
      kernels.quantize(inputs, count: width, into: rows, 0, quantization)
      return .quantized(rows, .perRow(quantization))
    }
  }

  /// Writes Wₖᵀ q / √d to `inputs`. `outputs` holds the head's part of q; the panels' other outputs are zero.
  private func transformQuery(
    _ columns: Range<Int>, _ panels: Range<Int>, _ outputs: UnsafeMutablePointer<Float>,
    into inputs: UnsafeMutablePointer<Float>, worker: Int
  ) {
    let first = panels.lowerBound * MatrixShape.panelWidth
    (outputs + first).update(repeating: 0, count: panels.count * MatrixShape.panelWidth)
    let scale = 1 / pk_sqrtf(Float(columns.count))
    for column in columns { outputs[column] = query[column] * scale * (weights.key.scale?[column] ?? 1) }
    let k = weights.key.shape.paddedInputs
    inputs.update(repeating: 0, count: k)
    for panel in panels {
      let (query, start) = (outputs + panel * MatrixShape.panelWidth, panel * MatrixShape.panelWidth * k)
      switch weights.key.panels {
      case .f32(let w): kernels.pointee.add_transposed_f32(k, query, w + start, inputs)
      case .s8(let w, _, _): kernels.pointee.add_transposed_s8(k, query, w + start, inputs)
      case .f16(let w):
        kernels.pointee.f16_to_f32(MatrixShape.panelWidth * k, w + start, widened[worker])
        kernels.pointee.add_transposed_f32(k, query, widened[worker], inputs)
      }
    }
  }
}
