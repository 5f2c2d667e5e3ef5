import CKernels
import CPlatform

/// A tensor as contiguous lines, and the border that its bytes get.
struct QuantizedLines {
  var values: UnsafePointer<Float>
  var count: Int
  /// Values per line.
  var length: Int
  /// Lines of zeros above and below.
  var border = 0
  /// Zeros before and after each line.
  var margin = 0

  var targetLength: Int { length + 2 * margin }
}

extension Compute {
  /// Quantizes a tensor to bytes with one scale and zero point.
  ///
  /// - Parameter range: the range of the values; computed here if nil.
  func quantize(
    _ lines: QuantizedLines, range: ValueRange? = nil, into map: QuantizedMap
  ) -> pk_quantization {
    let parts = Parts(lines.count, wanted: threads * 2, minimum: 4096 / lines.length)
    let range = range ?? self.range(lines, parts, map.ranges)
    let quantization =
      map.lowPlane == 0
      ? pk_u8_range(range.minimum, range.maximum) : pk_u16_range(range.minimum, range.maximum)
    QuantizeWork(kernels: kernels, lines: lines, map: map, quantization: quantization, parts: parts)
      .run(parts: parts.count, threads: threads)
    return quantization
  }

  @inline(never)
  private func range(_ lines: QuantizedLines, _ parts: Parts, _ ranges: WorkerRanges) -> ValueRange {
    ranges.reset(threads)
    RangeWork(kernels: kernels, lines: lines, ranges: ranges, parts: parts)
      .run(parts: parts.count, threads: threads)
    return ranges.union(threads)
  }
}

private struct RangeWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var lines: QuantizedLines
  var ranges: WorkerRanges
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: RangeWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let range = parts[part]
    ranges.widen(
      worker, kernels, lines.values + range.lowerBound * lines.length, count: range.count * lines.length)
  }
}

private struct QuantizeWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var lines: QuantizedLines
  var map: QuantizedMap
  var quantization: pk_quantization
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: QuantizeWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let (range, edge) = (parts[part], lines.border * lines.targetLength)
    var target = map.bytes + edge + range.lowerBound * lines.targetLength
    if range.lowerBound == 0 { clear(map.bytes, count: edge) }
    for line in range {
      clear(target, count: lines.margin)
      target += lines.margin
      quantize(lines.values + line * lines.length, into: target)
      target += lines.length
      clear(target, count: lines.margin)
      target += lines.margin
    }
    if range.upperBound == lines.count { clear(target, count: edge) }
  }

  private func quantize(_ values: UnsafePointer<Float>, into target: UnsafeMutablePointer<UInt8>) {
    if map.lowPlane == 0 {
      kernels.pointee.quantize_u8(
        lines.length, values, quantization.inverse_scale, quantization.zero_point, target)
    } else {
      kernels.pointee.quantize_u16(lines.length, values, quantization.inverse_scale, target, map.lowPlane)
    }
  }

  /// The code of zero.
  @inline(never)
  private func clear(_ bytes: UnsafeMutablePointer<UInt8>, count: Int) {
    bytes.update(repeating: UInt8(truncatingIfNeeded: quantization.zero_point), count: count)
    if map.lowPlane > 0 { (bytes + map.lowPlane).update(repeating: 0, count: count) }
  }
}
