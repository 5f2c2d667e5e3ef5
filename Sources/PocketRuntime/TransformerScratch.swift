import Architecture
import CKernels

/// The buffers of a transformer pass over up to `rows` rows of up to `items` items.
struct TransformerPlan {
  /// The residual stream.
  let stream: Region<Float>
  /// LayerNorm's output, then attention's.
  let mixed: Region<Float>
  /// Queries, keys and values; then the MLP's hidden channels; before both, image patches.
  let wide: Region<Float>
  let quantized: Region<Int8>?
  let scales: Region<Float>
  let workerRows: Region<Float>
  let attention: Region<Float>
  let starts: Region<Int32>
  // One row per item: what only the pooled token needs.
  let pooledInput: Region<Float>
  let pooledQuantized: Region<Int8>?
  let pooledScales: Region<Float>
  let pooledQuery: Region<Float>
  let pooledStream: Region<Float>
  let result: Region<Float>

  /// - Parameters:
  ///   - isQuantized: whether linear layers take int8 rows.
  ///   - itemRows: most rows of one item.
  ///   - patchElements: values of an image patch; 0 for text.
  init(
    _ plan: inout ScratchPlan, _ stack: TransformerStack, isQuantized: Bool, rows: Int, items: Int,
    itemRows: Int, outputs: Int, patchElements: Int, workers: Int
  ) {
    let width = rowStride(stack.width, of: Float.self)
    let widest = max(3 * stack.width, stack.mlpWidth, patchElements)
    let narrowest = max(stack.width, stack.mlpWidth, patchElements)
    stream = plan.reserve(rows, width, of: Float.self)
    mixed = plan.reserve(rows, width, of: Float.self)
    wide = plan.reserve(rows, rowStride(widest, of: Float.self), of: Float.self)
    quantized = isQuantized ? plan.reserve(rows, rowStride(narrowest, of: Int8.self), of: Int8.self) : nil
    scales = plan.reserve(1, rows, of: Float.self)
    workerRows = plan.reserve(workers, width, of: Float.self)
    let attentionFloats = pk_attention_scratch(itemRows, itemRows, stack.headSize)
    attention = plan.reserve(workers, rowStride(attentionFloats, of: Float.self), of: Float.self)
    starts = plan.reserve(1, items + 1, of: Int32.self)
    pooledInput = plan.reserve(items, width, of: Float.self)
    pooledQuantized =
      isQuantized ? plan.reserve(items, rowStride(stack.width, of: Int8.self), of: Int8.self) : nil
    pooledScales = plan.reserve(1, items, of: Float.self)
    pooledQuery = plan.reserve(items, width, of: Float.self)
    pooledStream = plan.reserve(items, width, of: Float.self)
    result = plan.reserve(items, outputs, of: Float.self)
  }
}

/// The same buffers in a session's memory.
struct TransformerScratch {
  let stream: Rows<Float>
  let mixed: Rows<Float>
  let wide: Rows<Float>
  let buffers: RowBuffers
  let attention: Rows<Float>
  let starts: UnsafeMutablePointer<Int32>
  let pooledBuffers: RowBuffers
  let pooledQuery: Rows<Float>
  let pooledStream: Rows<Float>
  let result: Rows<Float>

  init(_ plan: TransformerPlan, _ memory: UnsafeMutableRawPointer) {
    stream = plan.stream.rows(in: memory)
    mixed = plan.mixed.rows(in: memory)
    wide = plan.wide.rows(in: memory)
    let workerRows = plan.workerRows.rows(in: memory)
    buffers = RowBuffers(
      floats: mixed,
      quantized: plan.quantized.map { region in
        QuantizedRows(
          values: region.rows(in: memory), scales: plan.scales.rows(in: memory).base, workerRows: workerRows)
      })
    pooledBuffers = RowBuffers(
      floats: plan.pooledInput.rows(in: memory),
      quantized: plan.pooledQuantized.map { region in
        QuantizedRows(
          values: region.rows(in: memory), scales: plan.pooledScales.rows(in: memory).base,
          workerRows: workerRows)
      })
    attention = plan.attention.rows(in: memory)
    starts = plan.starts.rows(in: memory).base
    pooledQuery = plan.pooledQuery.rows(in: memory)
    pooledStream = plan.pooledStream.rows(in: memory)
    result = plan.result.rows(in: memory)
  }
}
