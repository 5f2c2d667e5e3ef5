private import CKernels

/// Rounds activations to 8 bits as `fast` does. Every instruction set gives the same bits.
package struct ActivationKernels: Sendable {
  private nonisolated(unsafe) let table: UnsafePointer<pk_kernels>

  package init() { table = unsafe pk_kernels_detect() }

  /// Replaces values that have one range by the numbers that their 8 bits stand for.
  package func round(_ values: UnsafeMutableBufferPointer<Float>) {
    guard let x = values.baseAddress else { return }
    var range: [Float] = [0, 0]
    unsafe table.pointee.minmax_f32(values.count, x, &range)
    let rounding = pk_u8_range(range[0], range[1])
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: values.count) { bytes in
      guard let q = bytes.baseAddress else { return }
      unsafe table.pointee.quantize_u8(values.count, x, rounding.inverse_scale, rounding.zero_point, q)
      unsafe table.pointee.dequantize_u8(values.count, q, rounding.scale, rounding.zero_point, x)
    }
  }
}
