import Quantization
import Testing

@Suite("Activations of 8 bits") struct ActivationKernelsTests {
  private func rounded(_ values: [Float]) -> [Float] {
    var values = values
    values.withUnsafeMutableBufferPointer { ActivationKernels().round($0) }
    return values
  }

  /// docs/BUNDLE.md, section 7.
  private func expected(_ values: [Float]) -> [Float] {
    let (low, high) = (values.reduce(0, min), values.reduce(0, max))
    guard high - low >= 0x1p-100 else { return values.map { _ in 0 } }
    let scale = (high - low) / 255
    let zero = (-low / scale).rounded(.toNearestOrEven)
    return values.map {
      (min(max(($0 * (1 / scale)).rounded(.toNearestOrEven) + zero, 0), 255) - zero) * scale
    }
  }

  private static let samples: [[Float]] = [
    (0..<100).map { (index: Int) -> Float in Float(index * index) / 37 - 20 },
    (0..<33).map { (index: Int) -> Float in Float(index) + 5 },
    [-3, -2, -0.011], [0.5, -0.25, 1e-3], [7], [],
  ]

  @Test("They are rounded as docs/BUNDLE.md defines it", arguments: samples)
  func definition(_ values: [Float]) {
    #expect(rounded(values) == expected(values))
  }

  @Test("Zeros and values below the floor become zero")
  func zeros() {
    #expect(rounded([0, 0, 0]) == [0, 0, 0])
    #expect(rounded([0x1p-120, -0x1p-119]) == [0, 0])
  }
}
