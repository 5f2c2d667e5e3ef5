import CKernels
import CPlatform

/// Buffers for the inputs of a transformer's linear layers: floats, bytes quantized by the range of each row,
/// or BF16.
struct RowBuffers {
  var floats: Rows<Float>
  /// Nil if the layers of the tower use floats.
  var narrow: NarrowRows?
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
  /// LayerNorm of each row, fused with quantization in `fast` arithmetic and with rounding in `bf16`.
  func normalized(
    _ rows: Int, _ x: Rows<Float>, width: Int, _ norm: LayerNorm, _ buffers: RowBuffers
  ) -> LinearInput {
    let work = RowWork(
      kernels: kernels, x: x, width: width, norm: norm, buffers: buffers, parts: rowParts(rows))
    work.run(parts: work.parts.count, threads: threads)
    return buffers.narrow?.input ?? .floats(buffers.floats)
  }

  /// Rows without LayerNorm: quantized in `fast` arithmetic, rounded in `bf16`. Floats are used in place, so their
  /// padding is cleared.
  func prepared(_ rows: Int, _ x: Rows<Float>, width: Int, _ buffers: RowBuffers) -> LinearInput {
    guard let narrow = buffers.narrow else {
      for row in 0..<rows { x.clearPadding(row, width) }
      return .floats(x)
    }
    let work = RowWork(
      kernels: kernels, x: x, width: width, norm: nil, buffers: buffers, parts: rowParts(rows))
    work.run(parts: work.parts.count, threads: threads)
    return narrow.input
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
  var buffers: RowBuffers
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: RowWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    for row in parts[part] {
      guard let narrow = buffers.narrow else {
        normalize(x[row], into: buffers.floats[row])
        buffers.floats.clearPadding(row, width)
        continue
      }
      var source = x[row]
      if norm != nil {
        source = narrow.workerRows[worker]
        normalize(x[row], into: source)
      }
      store(source, row, as: narrow.input)
    }
  }

  private func store(_ source: UnsafeMutablePointer<Float>, _ row: Int, as input: LinearInput) {
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
