import CKernels
import CPlatform

extension Compute {
  /// Bytes of a whole tensor with one scale and zero point.
  ///
  /// - Parameter range: of the values; found here where it is not known yet.
  func quantize(
    _ values: UnsafePointer<Float>, count: Int, range: ValueRange? = nil,
    into bytes: UnsafeMutablePointer<UInt8>, _ ranges: WorkerRanges
  ) -> pk_u8_quantization {
    let parts = Parts(count, wanted: threads * 2, minimum: 4096)
    let range = range ?? self.range(values, parts, ranges)
    let quantization = pk_u8_range(range.minimum, range.maximum)
    QuantizeWork(kernels: kernels, values: values, bytes: bytes, quantization: quantization, parts: parts)
      .run(parts: parts.count, threads: threads)
    return quantization
  }

  @inline(never)
  private func range(_ values: UnsafePointer<Float>, _ parts: Parts, _ ranges: WorkerRanges) -> ValueRange {
    ranges.reset(threads)
    RangeWork(kernels: kernels, values: values, ranges: ranges, parts: parts)
      .run(parts: parts.count, threads: threads)
    return ranges.union(threads)
  }
}

private struct RangeWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var values: UnsafePointer<Float>
  var ranges: WorkerRanges
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: RangeWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let range = parts[part]
    ranges.widen(worker, kernels, values + range.lowerBound, count: range.count)
  }
}

private struct QuantizeWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var values: UnsafePointer<Float>
  var bytes: UnsafeMutablePointer<UInt8>
  var quantization: pk_u8_quantization
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: QuantizeWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let range = parts[part]
    kernels.pointee.quantize_u8(
      range.count, values + range.lowerBound, quantization.inverse_scale, quantization.zero_point,
      bytes + range.lowerBound)
  }
}
