import CKernels
import CPlatform

/// Buffers for the inputs of a transformer's linear layers: floats, bytes quantized by the range of each row,
/// or BF16.
struct RowBuffers {
  var floats: Rows<Float>
  /// Nil if all layers of the tower use floats.
  var narrow: NarrowRows?

  /// The buffer for rows that these weights multiply.
  // Not inlined: one copy instead of one per call keeps the library small.
  @inline(never)
  func input(of weights: LinearWeights) -> LinearInput {
    switch (weights.panels, narrow?.input) {
    case (.s8(_, _, let width), .quantized(var rows, let quantization)):
      if width == .oneByte { rows.lowPlane = 0 }
      return .quantized(rows, quantization)
    case (.f16, .rounded(let rows, let bf16)): return .rounded(rows, bf16)
    case (.f32, _), (.f16, _), (.s8, _): return .floats(floats)
    }
  }
}

struct NarrowRows {
  /// Either `quantized` with a scale per row, or `rounded`.
  var input: LinearInput
  /// One row of floats per worker, between LayerNorm and quantizing or rounding.
  var workerRows: Rows<Float>
}

/// A LayerNorm over `width` channels.
struct LayerNorm {
  var weights: LayerNormWeights
  var epsilon: Float
}

extension Compute {
  /// LayerNorm of each row, fused with quantization or with rounding if the weights multiply such rows.
  func normalized(
    _ rows: Int, _ x: Rows<Float>, width: Int, _ norm: LayerNorm, for weights: LinearWeights,
    _ buffers: RowBuffers
  ) -> LinearInput {
    let input = buffers.input(of: weights)
    run(rows, x, width: width, norm, buffers, input)
    return input
  }

  /// LayerNorm of each row as floats.
  func normalized(
    _ rows: Int, _ x: Rows<Float>, width: Int, _ norm: LayerNorm, into target: Rows<Float>
  ) {
    run(rows, x, width: width, norm, RowBuffers(floats: target, narrow: nil), .floats(target))
  }

  /// Rows without LayerNorm, quantized or rounded if the weights multiply such rows. Floats are used in place, so their
  /// padding is cleared.
  func prepared(
    _ rows: Int, _ x: Rows<Float>, width: Int, for weights: LinearWeights, _ buffers: RowBuffers
  ) -> LinearInput {
    let input = buffers.input(of: weights)
    if case .floats = input {
      for row in 0..<rows { x.clearPadding(row, width) }
      return .floats(x)
    }
    run(rows, x, width: width, nil, buffers, input)
    return input
  }

  // Not inlined: one copy instead of one per call keeps the library small.
  @inline(never)
  private func run(
    _ rows: Int, _ x: Rows<Float>, width: Int, _ norm: LayerNorm?, _ buffers: RowBuffers, _ input: LinearInput
  ) {
    let work = RowWork(
      kernels: kernels, x: x, width: width, norm: norm, workerRows: buffers.narrow?.workerRows, input: input,
      parts: rowParts(rows))
    work.run(parts: work.parts.count, threads: threads)
  }

  private func rowParts(_ rows: Int) -> Parts {
    Parts(rows, wanted: threads * 4, minimum: 8)
  }
}

extension Rows<Float> {
  /// Sets the elements from `width` to the next multiple of four to zero, because linear layers read them.
  func clearPadding(_ row: Int, _ width: Int) {
    for column in width..<(width + 3) / 4 * 4 { self[row][column] = 0 }
  }
}

extension UnsafePointer<pk_kernels> {
  /// Quantizes one row by its own range, and its padding to a multiple of four as the code of zero.
  // Not inlined: one copy instead of one per call keeps the library small.
  @inline(never)
  func quantize(
    _ source: UnsafePointer<Float>, count: Int, into rows: QuantizedRows, _ row: Int,
    _ quantization: UnsafeMutablePointer<pk_quantization>
  ) {
    var range: (minimum: Float, maximum: Float) = (0, 0)
    withUnsafeMutableBytes(of: &range) { bytes in
      guard let base = bytes.baseAddress else { return }
      pointee.minmax_f32(count, source, base.assumingMemoryBound(to: Float.self))
    }
    let target = rows.bytes[row]
    if rows.lowPlane == 0 {
      let found = pk_u8_range(range.minimum, range.maximum)
      pointee.quantize_u8(count, source, found.inverse_scale, found.zero_point, target)
      for column in count..<(count + 3) / 4 * 4 {
        target[column] = UInt8(truncatingIfNeeded: found.zero_point)
      }
      quantization.pointee = found
    } else {
      quantization.pointee = pk_u16_range(range.minimum, range.maximum)
      pointee.quantize_u16(count, source, quantization.pointee.inverse_scale, target, rows.lowPlane)
    }
  }
}

/// Each part normalizes some rows and quantizes or rounds them, one row at a time, so that the row is still in the
/// cache for the second step.
private struct RowWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var x: Rows<Float>
  var width: Int
  var norm: LayerNorm?
  /// Nil if the input is floats.
  var workerRows: Rows<Float>?
  var input: LinearInput
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: RowWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    for row in parts[part] {
      if case .floats(let rows) = input {
        normalize(x[row], into: rows[row])
        rows.clearPadding(row, width)
        continue
      }
      var source = x[row]
      if norm != nil, let workerRows {
        source = workerRows[worker]
        normalize(x[row], into: source)
      }
      store(source, row)
    }
  }

  private func store(_ source: UnsafeMutablePointer<Float>, _ row: Int) {
    switch input {
    case .quantized(let rows, .perRow(let quantizations)):
      kernels.quantize(source, count: width, into: rows, row, quantizations + row)
    case .rounded(let values, let bf16):
      bf16.pointee.round_rows(1, width, source, width, values[row], values.stride)
    case .floats, .quantized(_, .common):
      break  // `NarrowRows` has neither form.
    }
  }

  private func normalize(_ source: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    guard let norm else { return }
    kernels.pointee.layernorm_f32(
      1, width, source, width, norm.weights.gain, norm.weights.bias, norm.epsilon, target, width)
  }
}
