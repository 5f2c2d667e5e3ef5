internal import CPeak
internal import CPlatform

/// The measured peak rates of this machine's widest multiply-adds, in operations per second. A multiply-add counts as
/// two.
public struct PeakRate: Equatable, Sendable {
  /// One kind of multiply-add.
  public enum Kind: CaseIterable, Sendable {
    /// FP32 factors and sums: floating-point bundles.
    case fp32
    /// BF16 factors, FP32 sums: `bf16`.
    case bf16
    /// 8-bit factors, 32-bit sums: `fast`.
    case int8
    /// 16-bit by 8-bit factors: `exact` on int8 bundles.
    case int16
    /// BF16 and 8-bit factors in the tiles of AMX.
    case bf16Tiles, int8Tiles
  }

  /// Without the kinds that this processor does not have, or that have no measuring loop.
  private var rates: [Kind: Double]

  /// Known rates.
  public init(_ rates: [Kind: Double]) { self.rates = rates }

  /// Measures this machine in about a tenth of a second. Asks the system to permit AMX to this process.
  ///
  /// - Parameter threads: number of threads that compute at the same time, at most one per usable processor.
  public init(threads: Int) {
    rates = [:]
    let threads = Int32(clamping: max(1, min(threads, pf_usable_cpus())))
    for kind in Kind.allCases {
      let rate = cpeak_rate(kind.arithmetic, threads, Self.rounds)
      if rate > 0 { rates[kind] = rate }
    }
  }

  /// Enough for one undisturbed round of a fifth of a millisecond.
  private static let rounds: Int32 = 100

  public subscript(kind: Kind) -> Double? { rates[kind] }

  /// The higher of two measurements, because other work on the machine can only lower them.
  public func best(with other: PeakRate) -> PeakRate {
    PeakRate(rates.merging(other.rates, uniquingKeysWith: max))
  }

  public var hasTiles: Bool { self[.int8Tiles] != nil }

  /// With tiles, if the machine has them.
  public var bf16: Double? { larger(self[.bf16], self[.bf16Tiles]) }
  public var int8: Double? { larger(self[.int8], self[.int8Tiles]) }
  /// A factor of 16 bits in tiles is two products of bytes.
  public var int16: Double? { larger(self[.int16], self[.int8Tiles].map { $0 / 2 }) }
  public var fp32: Double? { self[.fp32] }

  private func larger(_ one: Double?, _ other: Double?) -> Double? {
    [one, other].compactMap { $0 }.max()
  }
}

extension PeakRate.Kind {
  fileprivate var arithmetic: cpeak_arithmetic {
    switch self {
    case .fp32: CPEAK_FP32
    case .bf16: CPEAK_BF16
    case .int8: CPEAK_INT8
    case .int16: CPEAK_INT16
    case .bf16Tiles: CPEAK_BF16_TILES
    case .int8Tiles: CPEAK_INT8_TILES
    }
  }
}
