import Architecture
import Foundation
import Testing
import Verification

/// 36 images and 5 texts of sines, and the same slightly turned. Expected values: SciPy 1.17.1 (`rel_entr`, `spearmanr`,
/// `norm.interval` with `sem`) and NumPy's stable `argsort`, in float64.
@Suite("Decisions of two models") struct DecisionTests {
  private static func vectors(_ count: Int, _ value: (_ row: Double, _ column: Double) -> Double) -> Vectors {
    Vectors(
      count: count, width: 4,
      values: (0..<count).flatMap { row in (0..<4).map { sin(value(Double(row), Double($0))) } })
  }

  private static let texts = vectors(5) { 1 + 7 * $0 + 3 * $1 }
  private static let turnedTexts = vectors(5) { 1.05 + 7 * $0 + 3 * $1 }
  private static let images = vectors(36) { 2 + 5 * $0 + 11 * $1 }
  private static let turnedImages = vectors(36) { 2 + 5 * $0 + 11 * $1 + 0.3 * cos($0 + $1) }

  private func decisions(_ score: Score, inGroupsOf size: Int = 36) throws -> Decisions {
    var counter = DecisionCounter(
      measured: Self.turnedTexts, truth: Self.texts, score: score, imageCount: 36)
    for start in stride(from: 0, to: 36, by: size) {
      func rows(_ vectors: Vectors) -> Vectors {
        Vectors(count: size, width: 4, values: (start..<start + size).flatMap { vectors.row($0) })
      }
      counter.add(measured: rows(Self.turnedImages), truth: rows(Self.images))
    }
    return try #require(counter.decisions)
  }

  private func expect(_ found: Estimate?, _ mean: Double, _ least: Double, _ most: Double) throws {
    let found = try #require(found)
    for (value, expected) in [(found.mean, mean), (found.least, least), (found.most, most)] {
      #expect(abs(value - expected) < 1e-12, "\(value) instead of \(expected)")
    }
  }

  @Test("Labels, their probabilities and order, and found images are SciPy's", arguments: [36, 12, 1])
  func softmax(size: Int) throws {
    let found = try decisions(.softmax(logScale: 2), inGroupsOf: size)
    #expect(found.agreement.agreeing == 28 && found.agreement.images == 36)
    try expect(found.divergence, 0.18311310434768013, 0.10653212527823867, 0.2596940834171216)
    #expect(abs(found.worstDivergence - 1.1439423421098784) < 1e-12)
    try expect(found.rankCorrelation, 0.7333333333333333, 0.5989876638698974, 0.8676790027967691)
    #expect(found.retrieval?.k == 10)
    try expect(found.retrieval?.overlap, 0.56, 0.3074763052236039, 0.8125236947763962)
  }

  @Test("With a sigmoid, each pair has a probability of its own")
  func sigmoid() throws {
    let found = try decisions(.sigmoid(logScale: 2, bias: -1.5))
    try expect(found.divergence, 0.05854416409271945, 0.04215686824041835, 0.07493145994502055)
    #expect(abs(found.worstDivergence - 0.15788962170775664) < 1e-12)
  }

  @Test("The same vectors decide the same; a single label has no order, two images no search")
  func equal() throws {
    var counter = DecisionCounter(
      measured: Self.texts, truth: Self.texts, score: .softmax(logScale: 4.6), imageCount: 36)
    counter.add(measured: Self.images, truth: Self.images)
    let found = try #require(counter.decisions)
    #expect(found.agreement.fraction == 1 && found.worstDivergence == 0)
    try expect(found.rankCorrelation, 1, 1, 1)
    try expect(found.retrieval?.overlap, 1, 1, 1)
    let one = Vectors(count: 1, width: 4, values: Array(Self.texts.row(0)))
    var single = DecisionCounter(measured: one, truth: one, score: .softmax(logScale: 2), imageCount: 2)
    #expect(single.decisions == nil)
    single.add(measured: one, truth: one)
    let alone = try #require(single.decisions)
    #expect(alone.rankCorrelation == nil && alone.retrieval == nil && alone.agreement.agreeing == 1)
  }
}
