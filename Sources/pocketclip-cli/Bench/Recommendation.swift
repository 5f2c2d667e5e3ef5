import Verification

/// The recommended variant, with the reason.
struct Recommendation: Encodable {
  var name, path, arithmetic, reason: String

  /// The lowest default bound of `convert` for an int8 image tower.
  static let leastCosine = 0.998
  /// Variants this close to the fastest count as equally fast; the most accurate of them is recommended.
  private static let tie = 1.05

  /// - Precondition: the variants have rows, of the same cases, and cosines.
  init?(among variants: [BenchOutput.Variant]) {
    let faithful = variants.filter { $0.worstCosine >= Self.leastCosine }
    guard let truth = variants.first(where: { $0.isTruth == true }),
      let fastest = faithful.min(by: { $0.milliseconds < $1.milliseconds }),
      let best = faithful.filter({ $0.milliseconds <= fastest.milliseconds * Self.tie })
        .max(by: { $0.worstCosine < $1.worstCosine })
    else { return nil }
    name = best.name
    path = best.path
    arithmetic = best.arithmetic
    reason = Self.reason(best, truth, refused: variants.filter { $0.worstCosine < Self.leastCosine })
  }

  private static func reason(
    _ best: BenchOutput.Variant, _ truth: BenchOutput.Variant, refused: [BenchOutput.Variant]
  ) -> String {
    let left = refused.map { "; \($0.name) falls below a cosine of \(fixed(leastCosine, 3))" }.joined()
    let input = best.rows.first?.input == "images" ? "image" : "text"
    guard best.isTruth != true else {
      return "none is more accurate, and none that is as accurate is faster for one \(input)" + left
    }
    let speed = truth.milliseconds / best.milliseconds
    let size = Double(best.fileByteCount) / Double(truth.fileByteCount)
    return
      "\(fixed(speed, 1)) times as fast as \(truth.name) for one \(input), \(fixed(size * 100, 0)) % of its size, "
      + "worst cosine to it \(BoundedFigure.text(best.worstCosine, digits: 5, atLeast: leastCosine))" + left
  }
}

extension BenchOutput.Variant {
  /// The worse of both towers; 1 if nothing could be compared.
  fileprivate var worstCosine: Double { min(worstImageCosine ?? 1, worstTextCosine ?? 1) }

  /// One item at batch 1: an image if there is an image tower.
  fileprivate var milliseconds: Double { rows.first?.medianMilliseconds ?? .infinity }
}
