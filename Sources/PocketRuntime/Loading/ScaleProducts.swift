import BundleFormat
import CPlatform

/// The only numbers that are computed on opening: int8 scale × BatchNorm scale of each convolution.
final class ScaleProducts {
  private let memory: UnsafeMutablePointer<Float>
  private let capacity: Int
  private var count = 0

  /// Allocates memory for every BatchNorm of the bundle; none for bundles without convolutions.
  init(_ header: BundleHeader) throws(RuntimeFault) {
    var capacity = 0
    for tensor in header.tensors {
      if case .batchNormScale = tensor.content { capacity += tensor.shape[0] }
    }
    guard let memory = pf_alloc_aligned(max(capacity, 1) * 4, FileMemory.alignment) else {
      throw RuntimeFault.memory("the scales of the convolutions", byteCount: 4 * capacity)
    }
    self.memory = memory.assumingMemoryBound(to: Float.self)
    self.capacity = capacity
  }

  deinit { pf_free(memory) }

  /// a[n] · b[n] for n < count, a multiple of 16.
  func product(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ length: Int
  ) throws(RuntimeFault) -> UnsafePointer<Float> {
    guard length <= capacity - count else {
      throw RuntimeFault.inconsistent(byteOffset: 0)
    }
    let result = memory + count
    for index in 0..<length { result[index] = a[index] * b[index] }
    count += length
    return UnsafePointer(result)
  }
}
