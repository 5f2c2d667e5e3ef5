#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The difference between a set of unit vectors and the reference.
public struct Metrics: Sendable, Equatable, Codable {
  /// Probes compared.
  public var probes: Int
  public var meanCosine: Double
  public var worstCosine: Double
  /// Largest difference of two components.
  public var maximumAbsolute: Double
  /// Root mean square of the components' differences.
  public var rms: Double
  /// Signal to noise in decibels, 10 · log₁₀(Σ truth² / Σ difference²); nil if there is no noise.
  public var sqnr: Double?

  /// - Precondition: equal numbers of rows of equal width, at least one.
  public init(of measured: Vectors, against truth: Vectors) {
    precondition(measured.count == truth.count && measured.width == truth.width && truth.count > 0)
    let (unit, truth) = (measured.normalized, truth.normalized)
    guard unit.values.allSatisfy(\.isFinite) else {
      self = .notFinite(probes: truth.count)
      return
    }
    var cosines: [Double] = []
    var largest = 0.0
    var noise = 0.0
    var signal = 0.0
    for index in 0..<truth.count {
      var product = 0.0
      for (value, expected) in zip(unit.row(index), truth.row(index)) {
        product += value * expected
        largest = max(largest, abs(value - expected))
        noise += (value - expected) * (value - expected)
        signal += expected * expected
      }
      cosines.append(product)
    }
    probes = truth.count
    meanCosine = cosines.reduce(0, +) / Double(truth.count)
    worstCosine = cosines.reduce(1, min)
    maximumAbsolute = largest
    rms = (noise / Double(truth.values.count)).squareRoot()
    sqnr = noise > 0 && signal > 0 ? 10 * log10(signal / noise) : nil
  }
}

extension Metrics {
  /// The worst possible values for unit vectors. NaN compares false with every bound and must not pass.
  private static func notFinite(probes: Int) -> Metrics {
    Metrics(probes: probes, meanCosine: -1, worstCosine: -1, maximumAbsolute: 2, rms: 2, sqnr: nil)
  }

  private init(
    probes: Int, meanCosine: Double, worstCosine: Double, maximumAbsolute: Double, rms: Double, sqnr: Double?
  ) {
    self.probes = probes
    self.meanCosine = meanCosine
    self.worstCosine = worstCosine
    self.maximumAbsolute = maximumAbsolute
    self.rms = rms
    self.sqnr = sqnr
  }
}
