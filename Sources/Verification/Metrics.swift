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

/// How often two models choose the same text for an image.
public struct Agreement: Sendable, Equatable, Codable {
  public var images: Int
  public var texts: Int
  /// Images whose most similar text is the same, or one that is as similar to the truth but for the rounding of FP32: texts
  /// with the same embedding, such as two of unknown words, have no order.
  public var agreeing: Int

  /// Cosines of FP32 vectors that differ by less are equal.
  private static let tie = 1e-6

  public var fraction: Double { Double(agreeing) / Double(images) }

  /// The fewest images that make up this fraction.
  func count(for fraction: Double) -> Int {
    (0...images).first { Double($0) / Double(images) >= fraction } ?? images
  }

  init(_ measured: (images: Vectors, texts: Vectors), _ truth: (images: Vectors, texts: Vectors)) {
    let chosen = measured.images.normalized.similarities(to: measured.texts.normalized).largestColumns
    let similarities = truth.images.normalized.similarities(to: truth.texts.normalized)
    images = similarities.count
    texts = truth.texts.count
    agreeing = zip(chosen, similarities.largestColumns).enumerated().count { image, columns in
      let row = similarities.row(image)
      return row[row.startIndex + columns.0] >= row[row.startIndex + columns.1] - Self.tie
    }
  }
}
