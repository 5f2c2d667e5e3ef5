/// AVX-512 BF16 does not imply that BF16 is fast: AMD's Zen 4 multiplies it at twice the rate of FP32, Intel's
/// processors at half of it, unless the kernels use AMX. Only a measurement distinguishes them.
extension PeakRate {
  /// Why BF16 is not faster on this machine; nil if it can be, or if a peak is unknown.
  ///
  /// - Parameter usesTiles: whether the kernels use AMX.
  public func bf16Warning(usesTiles: Bool) -> String? {
    guard let fp32, let bf16 = usesTiles ? bf16 : self[.bf16], bf16 < fp32 else { return nil }
    return
      "`bf16` is likely slower than `exact` on this machine: the peak of one thread is \(Self.billions(bf16)) billion "
      + "operations a second in BF16 and \(Self.billions(fp32)) in FP32"
  }

  private static func billions(_ rate: Double) -> Int { Int(rate / 1e9) }
}
