import CKernels
import CPlatform

/// Where the rows of a transformer's linear layers are made ready: as floats, or in `fast` arithmetic as bytes with
/// one scale per row.
struct RowBuffers {
  var floats: Rows<Float>
  /// Nil where no layer of the tower takes quantized rows.
  var quantized: QuantizedRows?
}

struct QuantizedRows {
  var values: Rows<UInt8>
  var scales: UnsafeMutablePointer<Float>
  /// One row of floats per worker, between LayerNorm and quantization.
  var workerRows: Rows<Float>
}

/// A LayerNorm over `width` channels.
struct LayerNorm {
  var weights: LayerNormWeights
  var epsilon: Float
}

extension Compute {
  /// LayerNorm of each row; fused with its quantization in `fast` arithmetic.
  func normalized(
    _ rows: Int, _ x: Rows<Float>, width: Int, _ norm: LayerNorm, _ buffers: RowBuffers
  ) -> LinearInput {
    let work = RowWork(
      kernels: kernels, x: x, width: width, norm: norm, buffers: buffers, parts: rowParts(rows))
    work.run(parts: work.parts.count, threads: threads)
    if let quantized = buffers.quantized { return .quantized(quantized.values, .perRow(quantized.scales)) }
    return .floats(buffers.floats)
  }

  /// Rows as they are, quantized in `fast` arithmetic. Floats are used where they lie, so their padding is cleared.
  func prepared(_ rows: Int, _ x: Rows<Float>, width: Int, _ buffers: RowBuffers) -> LinearInput {
    guard let quantized = buffers.quantized else {
      for row in 0..<rows { x.clearPadding(row, width) }
      return .floats(x)
    }
    let work = RowWork(
      kernels: kernels, x: x, width: width, norm: nil, buffers: buffers, parts: rowParts(rows))
    work.run(parts: work.parts.count, threads: threads)
    return .quantized(quantized.values, .perRow(quantized.scales))
  }

  private func rowParts(_ rows: Int) -> Parts {
    Parts(rows, wanted: threads * 4, minimum: 8)
  }
}

extension Rows<Float> {
  /// Zero from `width` to the next multiple of four, which linear layers read.
  func clearPadding(_ row: Int, _ width: Int) {
    for column in width..<(width + 3) / 4 * 4 { self[row][column] = 0 }
  }
}

/// Each part normalizes and quantizes some rows, one at a time, so that a row is still in the cache for its second
/// step.
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
      guard let quantized = buffers.quantized else {
        normalize(x[row], into: buffers.floats[row])
        buffers.floats.clearPadding(row, width)
        continue
      }
      var source = x[row]
      if norm != nil {
        source = quantized.workerRows[worker]
        normalize(x[row], into: source)
      }
      kernels.pointee.quantize_rows_u8(
        1, width, source, width, quantized.values[row], quantized.values.stride, quantized.scales + row)
    }
  }

  private func normalize(_ source: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    guard let norm else { return }
    kernels.pointee.layernorm_f32(
      1, width, source, width, norm.weights.gain, norm.weights.bias, norm.epsilon, target, width)
  }
}
