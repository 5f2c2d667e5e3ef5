import Verification

/// How close the vectors of one variant are to those of another.
struct BenchFidelity {
  /// Nil for an absent tower, or for texts without a tokenizer.
  private(set) var image, text: Cosines?
  /// Nil unless images and texts share a space.
  private(set) var agreement: Agreement?

  struct Cosines {
    private(set) var worst: Double
    private var sum: Double
    private var count: Int

    init(_ metrics: Metrics) {
      worst = metrics.worstCosine
      sum = metrics.meanCosine * Double(metrics.probes)
      count = metrics.probes
    }

    var mean: Double { sum / Double(count) }

    mutating func add(_ other: Cosines) {
      worst = min(worst, other.worst)
      sum += other.sum
      count += other.count
    }
  }

  /// - Parameter texts: the vectors of all texts; nil if there are none.
  init(texts: Vectors?, against truth: Vectors?) {
    if let texts, let truth { text = Cosines(Metrics(of: texts, against: truth)) }
  }

  /// Adds some images.
  ///
  /// - Parameter texts: the vectors of the texts to choose from; nil if images choose none.
  mutating func add(
    _ images: Vectors, against truth: Vectors, texts: (measured: Vectors, truth: Vectors)?
  ) {
    let cosines = Cosines(Metrics(of: images, against: truth))
    if image == nil { image = cosines } else { image?.add(cosines) }
    guard let texts else { return }
    let chosen = Agreement((images, texts.measured), (truth, texts.truth))
    if agreement == nil { agreement = chosen } else { agreement?.add(chosen) }
  }
}
