import BundleFormat
import CKernels
import CPlatform

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
struct PoolingWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var tokenCount: Int
  var weights: PoolingWeights
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
    let headSize = width / weights.heads
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
