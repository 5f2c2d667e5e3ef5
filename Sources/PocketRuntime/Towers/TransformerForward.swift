import Architecture
import BundleFormat
import CKernels

/// One pass through a stack of residual attention blocks, all items of a slice at once.
///
///     x = x + attention(ln_1(x)); x = x + c_proj(activation(c_fc(ln_2(x))))
///
/// If operations after the last block read only one row per item, the last block computes keys and values for all rows, and
/// everything else for the pooled rows only. The result is the same.
struct TransformerPass {
  let compute: Compute
  let stack: TransformerStack
  let scratch: TransformerScratch
  let segments: Segments
  /// Whether a row attends only to itself and the rows before it.
  let isCausal: Bool
  /// Nil if all rows are read after the last block.
  let pooledRow: PooledRow?
  /// Used in the names of the stages.
  let tower: Tower

  /// The row that represents an item.
  enum PooledRow {
    case first, last
  }

  /// Runs all blocks; afterwards `scratch.pooledStream` has a row per item, or `scratch.stream` all rows.
  func run(_ blocks: [BlockWeights], observer: StageObserver?) {
    for index in blocks.indices.dropLast(pooledRow == nil ? 0 : 1) {
      attendAll(blocks[index])
      finish(blocks[index], scratch.stream, rows: segments.rowCount)
      observer?(.block(tower, index), values(scratch.stream, rows: segments.rowCount))
    }
    guard pooledRow != nil, let last = blocks.last else { return }
    attendPooled(last)
    finish(last, scratch.pooledStream, rows: segments.items)
    observer?(.block(tower, blocks.count - 1), values(scratch.pooledStream, rows: segments.items))
  }

  /// Applies the final LayerNorm to the pooled rows and projects them; `scratch.result` has a row per item.
  // Not inlined: one copy instead of one per call keeps the library small.
  @inline(never)
  func project(_ norm: LayerNormWeights, _ projection: LinearWeights?, observer: StageObserver?) {
    if observer != nil || projection == nil { normalizePooled(norm, observer: observer) }
    guard let projection else { return }
    let input = compute.normalized(
      segments.items, scratch.pooledStream, width: stack.width, layerNorm(norm), for: projection,
      scratch.buffers)
    compute.linear(projection, input, rows: segments.items, into: scratch.result)
  }

  /// A tower without projection outputs the normalized hidden state.
  private func normalizePooled(_ norm: LayerNormWeights, observer: StageObserver?) {
    let floats = scratch.pooledBuffers.floats
    compute.normalized(
      segments.items, scratch.pooledStream, width: stack.width, layerNorm(norm), into: floats)
    observer?(.pooled(tower), values(floats, rows: segments.items))
    for item in 0..<segments.items {
      let width = min(stack.width, scratch.result.stride)
      scratch.result[item].update(from: floats[item], count: width)
    }
  }

  func layerNorm(_ weights: LayerNormWeights) -> LayerNorm {
    LayerNorm(weights: weights, epsilon: stack.epsilon)
  }

  func values(_ rows: Rows<Float>, rows count: Int) -> StageValues {
    StageValues(values: rows.base, rows: count, width: stack.width, stride: rows.stride)
  }
}

extension TransformerPass {
  /// `scratch.mixed` = attention(ln_1(x)) of every row, before the out-projection.
  private func attendAll(_ block: BlockWeights) {
    compute.linear(
      block.inProjection, attentionInput(block), rows: segments.rowCount, into: scratch.wide)
    attend(.every(isCausal: isCausal), query: scratch.wide)
  }

  /// The same for the pooled rows only: `scratch.mixed` and `scratch.pooledStream` have a row per item.
  private func attendPooled(_ block: BlockWeights) {
    let input = attentionInput(block)
    let panels = block.inProjection.shape.panelCount
    // Queries are the first `width` outputs. If they end inside a panel, both products compute that panel.
    let firstKeyPanel = stack.width / MatrixShape.panelWidth
    let lastQueryPanel = (stack.width + MatrixShape.panelWidth - 1) / MatrixShape.panelWidth
    compute.linear(
      block.inProjection, input, rows: segments.rowCount, into: scratch.wide, panels: firstKeyPanel..<panels)
    var queries = block.inProjection
    queries.shape.outputs = stack.width
    compute.linear(
      queries, gatherPooled(input, for: queries), rows: segments.items, into: scratch.pooledQuery,
      panels: 0..<lastQueryPanel)
    for item in 0..<segments.items {
      scratch.pooledStream[item].update(from: scratch.stream[pooledRow(of: item)], count: stack.width)
    }
    attend(.pooled, query: scratch.pooledQuery)
  }

  /// ln_1(x) of every row.
  private func attentionInput(_ block: BlockWeights) -> LinearInput {
    compute.normalized(
      segments.rowCount, scratch.stream, width: stack.width, layerNorm(block.ln1), for: block.inProjection,
      scratch.buffers)
  }

  @inline(never)
  private func attend(_ queries: Queries, query: Rows<Float>) {
    let wide = scratch.wide
    compute.attend(
      Attention(
        heads: stack.heads, headSize: stack.headSize, segments: segments, queries: queries, query: query,
        key: Rows(base: wide.base + stack.width, stride: wide.stride),
        value: Rows(base: wide.base + 2 * stack.width, stride: wide.stride),
        output: scratch.mixed, scratch: scratch.attention))
  }

  /// Out-projection and MLP, each added to `stream`.
  private func finish(_ block: BlockWeights, _ stream: Rows<Float>, rows: Int) {
    let addition = Epilogue.Residual(values: stream.base, rowStride: stream.stride)
    let attended = compute.prepared(
      rows, scratch.mixed, width: stack.width, for: block.outProjection, scratch.buffers)
    compute.linear(block.outProjection, attended, rows: rows, into: stream, Epilogue(residual: addition))
    let normalized = compute.normalized(
      rows, stream, width: stack.width, layerNorm(block.ln2), for: block.expansion, scratch.buffers)
    compute.linear(
      block.expansion, normalized, rows: rows, into: scratch.wide,
      Epilogue(activation: stack.activation.kernel))
    let hidden = compute.prepared(
      rows, scratch.wide, width: stack.mlpWidth, for: block.contraction, scratch.buffers)
    compute.linear(block.contraction, hidden, rows: rows, into: stream, Epilogue(residual: addition))
  }

  private func pooledRow(of item: Int) -> Int {
    let rows = segments.rows(of: item)
    return switch pooledRow {
    case .first, nil: rows.lowerBound
    case .last: rows.upperBound - 1
    }
  }

  private func gatherPooled(_ input: LinearInput, for weights: LinearWeights) -> LinearInput {
    let width = (stack.width + 3) / 4 * 4
    let pooled = scratch.pooledBuffers.input(of: weights)
    for item in 0..<segments.items {
      let row = pooledRow(of: item)
      switch (input, pooled) {
      case (.quantized(let rows, .perRow(let found)), .quantized(let target, .perRow(let targets))):
        let (source, destination) = (rows.bytes[row], target.bytes[item])
        destination.update(from: source, count: width)
        if rows.lowPlane > 0 {
          (destination + target.lowPlane).update(from: source + rows.lowPlane, count: width)
        }
        targets[item] = found[row]
      case (.rounded(let values, _), .rounded(let target, _)):
        target[item].update(from: values[row], count: width)
      case (_, .floats(let target)): target[item].update(from: scratch.mixed[row], count: width)
      // Both have the form that the weights multiply, with a quantization per row.
      case (.floats, .quantized), (.floats, .rounded), (.quantized, .quantized), (.quantized, .rounded),
        (.rounded, .quantized):
        break
      }
    }
    return pooled
  }
}

extension Activation {
  var kernel: pk_activation {
    switch self {
    case .quickGELU: PK_ACTIVATION_QUICK_GELU
    case .gelu: PK_ACTIVATION_GELU_ERF
    case .geluTanh: PK_ACTIVATION_GELU_TANH
    }
  }
}
