public import Architecture

/// How close a bundle is to the reference on the user's own images and texts.
public struct SampleReport: Sendable, Equatable, Codable {
  /// Nil without images or an image tower.
  public var image: TowerSample?
  /// Nil without texts or a text tower.
  public var text: TowerSample?
  /// Nil unless images and texts share a space.
  public var decisions: Decisions?
  /// Of the first images and texts.
  public var similarity: SimilarityDifference?

  public func tower(_ tower: Tower) -> TowerSample? {
    switch tower {
    case .image: image
    case .text: text
    }
  }

  /// Fewer images say too little about decisions.
  public static let leastImages = 30
}

/// The cosine of each image and text, minus the reference's.
public struct SimilarityDifference: Sendable, Equatable, Codable {
  public var images: [String] = []
  public var texts: [String]
  /// `[images][texts]`
  public var values: [[Double]] = []

  /// The most images, and the most texts.
  static let most = 24
}

/// Cosines of one tower's vectors.
public struct TowerSample: Sendable, Equatable, Codable {
  public private(set) var count = 0
  public private(set) var meanCosine = 0.0
  public private(set) var worstCosine = 1.0
  /// Items by 1 − cos: below 10⁻⁸, then three classes for each power of ten.
  public private(set) var histogram = [Int](repeating: 0, count: Self.edges.count + 1)
  /// The worst first.
  public private(set) var worst: [Example] = []

  public struct Example: Sendable, Equatable, Codable {
    /// The image's path, or the text.
    public var name: String
    public var cosine: Double
    /// The labels that an image gets from the bundle, and from the reference.
    public var label, expectedLabel: String?
  }

  public static let mostExamples = 10
  /// Upper ends of the histogram's classes but the last.
  public static let edges: [Double] = (-8..<0).flatMap { power in
    [1.0, 2.154434690031884, 4.641588833612779].map { $0 * Self.power(power) }
  }

  private static func power(_ exponent: Int) -> Double {
    (0..<(-exponent)).reduce(1.0) { value, _ in value / 10 }
  }

  init() {}

  mutating func add(_ example: Example) {
    // NaN is as wrong as can be.
    let cosine = example.cosine.isFinite ? min(1, example.cosine) : -1
    meanCosine += (cosine - meanCosine) / Double(count + 1)
    count += 1
    worstCosine = min(worstCosine, cosine)
    histogram[Self.edges.firstIndex { 1 - cosine < $0 } ?? Self.edges.count] += 1
    var example = example
    example.cosine = cosine
    guard worst.count < Self.mostExamples || cosine < worst[worst.count - 1].cosine else { return }
    worst.insert(example, at: worst.firstIndex { cosine < $0.cosine } ?? worst.count)
    if worst.count > Self.mostExamples { worst.removeLast() }
  }
}

extension Report {
  /// Judges a sample by the same bounds. Too few images are never a pass.
  public mutating func include(_ sample: SampleReport) {
    self.sample = sample
    var failures: [String] = []
    for tower in Tower.allCases {
      guard let found = sample.tower(tower), let least = thresholds.bounds(tower)?.worstCosine,
        !(found.worstCosine >= least)
      else { continue }
      let worst = BoundedFigure.text(found.worstCosine, digits: 9, atLeast: least)
      failures.append("your \(tower == .image ? "images" : "texts"): worst cosine \(worst) is below \(least)")
    }
    if let agreement = sample.decisions?.agreement, let least = thresholds.agreement,
      !(agreement.fraction >= least)
    {
      failures.append(
        "your images: \(agreement.agreeing) of \(agreement.images) get the same label, at least "
          + "\(agreement.count(for: least)) must")
    }
    if !failures.isEmpty { verdict = .fail }
    reasons += failures
    if sample.decisions?.agreement.texts == 1 {
      addInsufficient("your labels: 1 leaves nothing to choose: give at least 2")
    }
    if let image = sample.image, image.count < SampleReport.leastImages {
      addInsufficient(
        "your images: \(image.count) are too few to judge decisions: give at least \(SampleReport.leastImages)"
      )
    }
  }

  private mutating func addInsufficient(_ reason: String) {
    if verdict == .pass { verdict = .insufficient }
    reasons.append(reason)
  }
}
