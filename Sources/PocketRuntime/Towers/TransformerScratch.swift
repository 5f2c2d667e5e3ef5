import Architecture
import CKernels

/// The buffers of a transformer pass over up to `rows` rows of up to `items` items.
final class TransformerScratch {
  /// The residual stream.
  let stream: Rows<Float>
  /// LayerNorm's output, then attention's.
  let mixed: Rows<Float>
  /// Queries, keys and values; then the MLP's hidden channels. Before both, image patches.
  let wide: Rows<Float>
  /// Inputs of linear layers: `mixed`, or quantized or rounded rows.
  let buffers: RowBuffers
  /// One row per worker.
  let attention: Rows<Float>
  // One row per item, for operations on the pooled token only.
  let pooledBuffers: RowBuffers
  let pooledQuery: Rows<Float>
  let pooledStream: Rows<Float>
  var result: Rows<Float>

  /// - Parameters:
  ///   - itemRows: the most rows of one item.
  ///   - result: one row per item.
  ///   - otherWidth: of rows that are not the transformer's, such as an image's patches; 0 for text.
  ///   - form: the form of rows that linear layers use.
  init(
    _ memory: inout ScratchMemory, _ stack: TransformerStack, rows: Int, items: Int, itemRows: Int,
    result: Rows<Float>, otherWidth: Int, form: RowForm, workers: Int
  ) {
    let width = rowStride(stack.width, of: Float.self)
    let widest = rowStride(max(3 * stack.width, stack.mlpWidth, otherWidth), of: Float.self)
    let workerRows = memory.rows(workers, width, of: Float.self)
    stream = memory.rows(rows, width, of: Float.self)
    mixed = memory.rows(rows, width, of: Float.self)
    wide = memory.rows(rows, widest, of: Float.self)
    let longestInput = max(stack.width, stack.mlpWidth, otherWidth)
    buffers = RowBuffers(
      floats: mixed,
      narrow: NarrowRows(&memory, form, rows, width: longestInput, workerRows))
    let attentionFloats = pk_attention_scratch(itemRows, itemRows, stack.headSize)
    attention = memory.rows(workers, rowStride(attentionFloats, of: Float.self), of: Float.self)
    pooledBuffers = RowBuffers(
      floats: memory.rows(items, width, of: Float.self),
      narrow: NarrowRows(&memory, form, items, width: stack.width, workerRows))
    pooledQuery = memory.rows(items, width, of: Float.self)
    pooledStream = memory.rows(items, width, of: Float.self)
    self.result = result
  }
}

extension NarrowRows {
  /// Nil if the form is floats.
  init?(
    _ memory: inout ScratchMemory, _ form: RowForm, _ rows: Int, width: Int, _ workerRows: Rows<Float>
  ) {
    switch form {
    case .floats: return nil
    case .quantized(let activation):
      let stride = rowStride(width, of: UInt8.self)
      let bytes = memory.rows(activation.rawValue * rows, stride, of: UInt8.self)
      let quantized = QuantizedRows(bytes: bytes, lowPlane: (activation.rawValue - 1) * rows * stride)
      input = .quantized(quantized, .perRow(memory.buffer(rows, of: pk_quantization.self)))
    case .rounded(let bf16):
      input = .rounded(memory.rows(rows, rowStride(width, of: UInt16.self), of: UInt16.self), bf16)
    }
    self.workerRows = workerRows
  }
}
