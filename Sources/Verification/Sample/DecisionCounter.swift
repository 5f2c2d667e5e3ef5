package import Architecture

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Compares the decisions of two models image by image; no image is kept.
package struct DecisionCounter {
  private let measured, truth: Vectors
  private let score: Score
  private let assumedLogitScale: Double?
  private var agreement: Agreement?
  private var divergence = EstimateSum()
  private var worstDivergence = 0.0
  private var rankCorrelation = EstimateSum()
  private var neighbours: [Neighbours]
  private var imageCount = 0

  /// The most images that a query finds.
  private static let mostFound = 10

  /// - Parameters:
  ///   - measured, truth: the vectors of the texts.
  ///   - score: nil if the model stores no logit scale; then the usual one.
  ///   - imageCount: how many images will come at most.
  package init(measured: Vectors, truth: Vectors, score: Score?, imageCount: Int) {
    self.measured = measured.normalized
    self.truth = truth.normalized
    self.score = score ?? .softmax(logScale: log(Score.usualScale))
    assumedLogitScale = score == nil ? Double(Score.usualScale) : nil
    // Of fewer images than three times as many, most would be found whatever the vectors are.
    let k = min(Self.mostFound, imageCount / 3)
    neighbours = k > 0 ? (0..<truth.count).map { _ in Neighbours(k: k) } : []
  }

  /// - Parameters: vectors of the same images.
  package mutating func add(measured images: Vectors, truth trueImages: Vectors) {
    let found = Agreement((images, measured), (trueImages, truth))
    if agreement == nil { agreement = found } else { agreement?.add(found) }
    let mine = images.normalized.similarities(to: measured)
    let theirs = trueImages.normalized.similarities(to: truth)
    for image in 0..<images.count {
      let (own, expected) = (Array(mine.row(image)), Array(theirs.row(image)))
      let difference = score.divergence(of: own, from: expected)
      divergence.add(difference)
      worstDivergence = max(worstDivergence, difference)
      if let correlation = Ranks.correlation(own, expected) { rankCorrelation.add(correlation) }
      for text in neighbours.indices { neighbours[text].add(imageCount, own[text], expected[text]) }
      imageCount += 1
    }
  }

  /// Nil without images.
  package var decisions: Decisions? {
    guard let agreement, var divergence = divergence.estimate else { return nil }
    divergence.least = max(0, divergence.least)
    var overlap = EstimateSum()
    // Fewer images than announced came if some could not be read or were repetitions.
    for found in neighbours where imageCount >= 3 * found.k { overlap.add(found.overlap) }
    let retrieval = overlap.estimate.flatMap { estimate in
      neighbours.first.map { Decisions.Retrieval(k: $0.k, overlap: estimate) }
    }
    return Decisions(
      agreement: agreement, divergence: divergence, worstDivergence: worstDivergence,
      assumedLogitScale: assumedLogitScale, rankCorrelation: rankCorrelation.estimate, retrieval: retrieval)
  }
}

/// The images most similar to one text, with each model.
private struct Neighbours {
  let k: Int
  private var measured: [(image: Int, similarity: Double)] = []
  private var truth: [(image: Int, similarity: Double)] = []

  init(k: Int) { self.k = k }

  mutating func add(_ image: Int, _ own: Double, _ expected: Double) {
    Self.insert(image, own, into: &measured, most: k)
    Self.insert(image, expected, into: &truth, most: k)
  }

  /// The earlier of two equally similar images comes first.
  private static func insert(
    _ image: Int, _ similarity: Double, into found: inout [(image: Int, similarity: Double)], most: Int
  ) {
    if found.count == most, let last = found.last, !(similarity > last.similarity) { return }
    let place = found.firstIndex { $0.similarity < similarity } ?? found.count
    found.insert((image, similarity), at: place)
    if found.count > most { found.removeLast() }
  }

  var overlap: Double {
    let expected = Set(truth.map(\.image))
    return Double(measured.count { expected.contains($0.image) }) / Double(k)
  }
}

extension Score {
  /// KL(truth ‖ measured) of the labels' probabilities; nats.
  fileprivate func divergence(of measured: [Double], from truth: [Double]) -> Double {
    switch self {
    case .softmax(let logScale):
      let scale = exp(Double(logScale))
      let (p, q) = (logSoftmax(truth.map { scale * $0 }), logSoftmax(measured.map { scale * $0 }))
      return max(0, zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) })
    case .sigmoid(let logScale, let bias):
      let scale = exp(Double(logScale))
      let sum = zip(truth, measured).reduce(0) { sum, pair in
        let (x, y) = (scale * pair.0 + Double(bias), scale * pair.1 + Double(bias))
        return sum + exp(logLogistic(x)) * (logLogistic(x) - logLogistic(y))
          + exp(logLogistic(-x)) * (logLogistic(-x) - logLogistic(-y))
      }
      return max(0, sum / Double(truth.count))
    }
  }
}

private func logSoftmax(_ logits: [Double]) -> [Double] {
  let largest = logits.max() ?? 0
  let total = log(logits.reduce(0) { $0 + exp($1 - largest) }) + largest
  return logits.map { $0 - total }
}

private func logLogistic(_ x: Double) -> Double { x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x)) }
