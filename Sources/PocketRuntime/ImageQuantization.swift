import CKernels
import CPlatform

extension Compute {
  /// Bytes of a whole tensor with one scale and zero point, from its own smallest and largest value: minimum and
  /// maximum are the same in any order, so the parts may be any.
  func quantize(
    _ values: UnsafePointer<Float>, count: Int, into bytes: UnsafeMutablePointer<UInt8>, ranges: Rows<Float>
  ) -> pk_u8_quantization {
    let parts = Parts(count, wanted: min(threads * 2, ResNetScratch.rangeParts), minimum: 4096)
    RangeWork(kernels: kernels, values: values, ranges: ranges, parts: parts)
      .run(parts: parts.count, threads: threads)
    var (minimum, maximum) = (ranges[0][0], ranges[0][1])
    for part in 0..<parts.count {
      minimum = min(minimum, ranges[part][0])
      maximum = max(maximum, ranges[part][1])
    }
    let quantization = pk_u8_range(minimum, maximum)
    QuantizeWork(kernels: kernels, values: values, bytes: bytes, quantization: quantization, parts: parts)
      .run(parts: parts.count, threads: threads)
    return quantization
  }
}

private struct RangeWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var values: UnsafePointer<Float>
  var ranges: Rows<Float>
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: RangeWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let range = parts[part]
    kernels.pointee.minmax_f32(range.count, values + range.lowerBound, ranges[part])
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
