import Architecture
import BundleFormat
import CKernels

/// `MAPHead` of big_vision's `models/vit.py` for a slice of images: attention from a learned query to all tokens, then an MLP
/// with a residual.
///
/// int8 matrices multiply activations of two bytes in both arithmetics: an error here is an error of the embedding, and the
/// pool takes next to no time.
struct ProbePoolPass {
  /// The LayerNorm of all tokens.
  let norm: LayerNormWeights
  let weights: ProbePoolWeights
  let transformer: TransformerPass
  let scratch: ProbePoolScratch

  /// Afterwards `transformer.scratch.result` has a row per item.
  func run(_ observer: StageObserver?) {
    let tokens = transformer.scratch.mixed
    let rows = transformer.segments.rowCount
    compute.normalized(
      rows, transformer.scratch.stream, width: width, transformer.layerNorm(norm), into: tokens)
    observer?(.pooled(.image), transformer.values(tokens, rows: rows))
    attend(to: tokens)
    addMLP()
  }

  private var compute: Compute { transformer.compute }
  private var width: Int { transformer.stack.width }
  private var items: Int { transformer.segments.items }

  /// `pooledStream` = c_proj of the attention of each item.
  private func attend(to tokens: Rows<Float>) {
    let query = computeQuery()
    for item in 0..<items {
      let rows = transformer.segments.rows(of: item)
      PoolingWork(
        kernels: compute.kernels, tokenCount: rows.count, weights: weights.attention,
        tokens: tokens.dropping(rows.lowerBound), query: query, output: scratch.attended[item],
        buffers: scratch.heads, widened: scratch.widened, width: width
      ).run(parts: weights.attention.heads, threads: compute.threads)
    }
    let attended = compute.prepared(
      items, scratch.attended, width: width, for: weights.attention.output, scratch.buffers)
    compute.linear(
      weights.attention.output, attended, rows: items, into: transformer.scratch.pooledStream)
  }

  /// The query is the same for all items.
  private func computeQuery() -> UnsafeMutablePointer<Float> {
    scratch.attended[0].update(from: weights.probe, count: width)
    let probe = compute.prepared(
      1, scratch.attended, width: width, for: weights.attention.query, scratch.buffers)
    let query = transformer.scratch.pooledQuery
    compute.linear(weights.attention.query, probe, rows: 1, into: query)
    return query.base
  }

  /// `result` = y + c_proj(activation(c_fc(ln(y)))) of `pooledStream`.
  private func addMLP() {
    let (stream, wide) = (transformer.scratch.pooledStream, transformer.scratch.wide)
    let normalized = compute.normalized(
      items, stream, width: width, transformer.layerNorm(weights.norm), for: weights.expansion,
      scratch.buffers)
    compute.linear(
      weights.expansion, normalized, rows: items, into: wide,
      Epilogue(activation: transformer.stack.activation.kernel))
    let hidden = compute.prepared(
      items, wide, width: weights.pool.mlpWidth, for: weights.contraction, scratch.buffers)
    compute.linear(
      weights.contraction, hidden, rows: items, into: transformer.scratch.result,
      Epilogue(residual: Epilogue.Residual(values: stream.base, rowStride: stream.stride)))
  }
}

/// The buffers of a probe's pool.
final class ProbePoolScratch {
  let heads: PoolingBuffers
  /// One row per worker, for the keys' matrix or quantized values.
  let widened: Rows<Float>
  /// A row per item.
  let attended: Rows<Float>
  let buffers: RowBuffers

  init(
    _ memory: inout ScratchMemory, _ pool: ProbePool, of tower: ImageTower, items: Int, form: RowForm,
    workers: Int
  ) {
    let width = rowStride(tower.width, of: Float.self)
    heads = PoolingBuffers(&memory, width: tower.width, tokenCount: tower.tokenCount, workers: workers)
    widened = memory.rows(workers, MatrixShape.panelWidth * width, of: Float.self)
    attended = memory.rows(items, width, of: Float.self)
    buffers = RowBuffers(
      floats: memory.rows(items, width, of: Float.self),
      narrow: NarrowRows(
        &memory, form.ofPool, items, width: max(tower.width, pool.mlpWidth),
        memory.rows(workers, width, of: Float.self)))
  }
}

extension RowForm {
  fileprivate var ofPool: RowForm {
    switch self {
    case .floats, .rounded: .floats
    case .quantized: .quantized(.twoBytes)
    }
  }
}
