internal import CPeak
internal import CPlatform

/// The measured peak rate of this machine's widest multiply-add, in operations per second. A multiply-add counts as
/// two.
public struct PeakRate: Equatable, Sendable {
  /// FP32 factors and sums: `exact` arithmetic, and floating-point bundles.
  public let fp32: Double?
  /// BF16 factors, FP32 sums: `bf16`.
  public let bf16: Double?
  /// 8-bit factors, 32-bit sums: `fast`.
  public let int8: Double?

  /// Known rates; nil for kinds of processor without a loop.
  public init(fp32: Double?, bf16: Double?, int8: Double?) {
    self.fp32 = fp32
    self.bf16 = bf16
    self.int8 = int8
  }

  /// Measures this machine.
  ///
  /// - Parameter threads: number of threads that compute at the same time.
  public init(threads: Int) {
    fp32 = Self.measured(CPEAK_FP32, threads)
    bf16 = Self.measured(CPEAK_BF16, threads)
    int8 = Self.measured(CPEAK_INT8, threads)
  }

  /// The higher of two measurements, because other work on the machine can only lower them.
  public func best(with other: PeakRate) -> PeakRate {
    PeakRate(
      fp32: fp32.map { max($0, other.fp32 ?? 0) }, bf16: bf16.map { max($0, other.bf16 ?? 0) },
      int8: int8.map { max($0, other.int8 ?? 0) })
  }

  /// Enough for one undisturbed round, in a tenth of a second.
  private static let rounds = 60

  private static func measured(_ arithmetic: cpeak_arithmetic, _ threads: Int) -> Double? {
    var loop = cpeak_loop()
    guard cpeak_loop_for(arithmetic, &loop) != 0 else { return nil }
    var least = Double.infinity
    for _ in 0..<rounds {
      let started = ContinuousClock.now
      pf_parallel_for(
        threads, threads,
        { context, _, _ in context?.assumingMemoryBound(to: cpeak_loop.self).pointee.run?() }, &loop)
      least = min(least, started.duration(to: .now) / .seconds(1))
    }
    return loop.operations * Double(threads) / least
  }
}
