import Testing
import Verification

@Suite("Zero-shot agreement") struct AgreementTests {
  private static let texts = Vectors(count: 3, width: 2, values: [1, 0, 0, 1, 1, 0])

  private func agreement(_ measured: [Double], _ truth: [Double], texts: Vectors = Self.texts) -> Agreement {
    Agreement(
      (Vectors(count: measured.count / 2, width: 2, values: measured), texts),
      (Vectors(count: truth.count / 2, width: 2, values: truth), texts))
  }

  @Test("An image agrees if it chooses the same text, whatever its length")
  func choice() {
    let mixed = agreement([3, 1, 1, 3, 1, 3], [1, 0.2, 0.2, 1, 1, 0.2])
    #expect(mixed.images == 3 && mixed.texts == 3 && mixed.agreeing == 2)
  }

  @Test("Texts that the truth cannot tell apart agree; 0.001 in the cosine is a difference")
  func ties() {
    // Both choose between the first two texts: the truth's cosines differ by 1e-7, or by 1e-3.
    for (difference, agreeing) in [(0.0, 1), (1e-7, 1), (1e-3, 0)] {
      let found = agreement([1 - difference, 1 + difference], [1 + difference, 1])
      #expect(found.agreeing == agreeing, "\(difference)")
    }
  }

  @Test("Images are counted together")
  func sum() {
    var all = agreement([1, 0], [1, 0])
    all.add(agreement([1, 0, 0, 1], [0, 1, 0, 1]))
    #expect(all.images == 3 && all.agreeing == 2)
  }

  /// scipy 1.17.1: binomtest(k, n).proportion_ci(method="wilson").
  private static let intervals: [(agreeing: Int, images: Int, least: Double, most: Double)] = [
    (20, 20, 0.8388748419471808, 1), (19, 20, 0.763868806553258, 0.9911185511992047),
    (0, 5, 0, 0.43448246478317476), (1, 1, 0.20654931437723745, 1),
    (2389, 2400, 0.9918111402939052, 0.9974387918403997),
  ]

  @Test("The interval is Wilson's", arguments: intervals)
  func interval(agreeing: Int, images: Int, least: Double, most: Double) {
    let truth = (0..<images).flatMap { _ in [1.0, 0.0] }
    let found = agreement((0..<images).flatMap { $0 < agreeing ? [1.0, 0.0] : [0.0, 1.0] }, truth)
    #expect(found.agreeing == agreeing)
    #expect(abs(found.interval.lowerBound - least) < 1e-12 && abs(found.interval.upperBound - most) < 1e-12)
  }
}
