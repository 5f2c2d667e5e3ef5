#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A mean over a sample, with the interval of 95 % of a normal distribution for the mean of all items of this kind.
public struct Estimate: Sendable, Equatable, Codable {
  public var mean: Double
  public var least: Double
  public var most: Double
}

/// Sums of values, so that they need not be kept.
struct EstimateSum {
  private var count = 0
  private var mean = 0.0
  /// Squared differences from the mean (Welford 1962).
  private var spread = 0.0

  mutating func add(_ value: Double) {
    count += 1
    let difference = value - mean
    mean += difference / Double(count)
    spread += difference * (value - mean)
  }

  /// Nil without values.
  var estimate: Estimate? {
    guard count > 0 else { return nil }
    let deviation = count > 1 ? (spread / Double(count - 1) / Double(count)).squareRoot() : .infinity
    guard deviation.isFinite else { return Estimate(mean: mean, least: mean, most: mean) }
    return Estimate(
      mean: mean, least: mean - 1.959963984540054 * deviation, most: mean + 1.959963984540054 * deviation)
  }
}
