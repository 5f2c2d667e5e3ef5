/// How often two models choose the same text for an image.
public struct Agreement: Sendable, Equatable, Codable {
  public var images: Int
  public var texts: Int
  /// Images whose most similar text is the same, or one that is as similar to the truth but for the rounding of FP32: texts
  /// with the same embedding, such as two of unknown words, have no order.
  public var agreeing: Int

  /// Cosines of FP32 vectors that differ by less are equal.
  private static let tie = 1e-6

  /// - Parameters: images and texts of each model in the same order, all of one width.
  public init(_ measured: (images: Vectors, texts: Vectors), _ truth: (images: Vectors, texts: Vectors)) {
    let chosen = measured.images.normalized.similarities(to: measured.texts.normalized).largestColumns
    let similarities = truth.images.normalized.similarities(to: truth.texts.normalized)
    images = similarities.count
    texts = truth.texts.count
    agreeing = zip(chosen, similarities.largestColumns).enumerated().count { image, columns in
      let row = similarities.row(image)
      return row[row.startIndex + columns.0] >= row[row.startIndex + columns.1] - Self.tie
    }
  }

  /// Counts the images of both; the texts must be the same.
  public mutating func add(_ other: Agreement) {
    images += other.images
    agreeing += other.agreeing
  }

  public var fraction: Double { Double(agreeing) / Double(images) }

  /// Wilson's interval of 95 % for the fraction among all images of this kind (Wilson 1927, JASA 22, 209).
  public var interval: ClosedRange<Double> {
    let (count, z) = (Double(images), 1.959963984540054)
    let center = (fraction + z * z / (2 * count)) / (1 + z * z / count)
    let spread = (fraction * (1 - fraction) / count + z * z / (4 * count * count)).squareRoot()
    let half = z / (1 + z * z / count) * spread
    // Exactly so, but for the rounding of FP64.
    return (agreeing == 0 ? 0 : max(0, center - half))...(agreeing == images ? 1 : min(1, center + half))
  }

  /// The fewest images that make up this fraction.
  func count(for fraction: Double) -> Int {
    (0...images).first { Double($0) / Double(images) >= fraction } ?? images
  }
}
