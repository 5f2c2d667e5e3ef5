import SystemPath
import Verification

/// The recommended variant, with the reason.
struct Recommendation: Encodable {
  var name, path, arithmetic, reason: String
  /// What to type: the command that makes the bundle, if bench made it, and one that runs it.
  var commands: [String]

  /// The lowest default bound of `convert` for an int8 image tower.
  static let leastCosine = 0.998
  /// Variants this close to the fastest count as equally fast; the most accurate of them is recommended.
  private static let tie = 1.05

  /// - Parameter target: nil for a cosine of `leastCosine`.
  /// - Precondition: the variants have rows, of the same cases, and cosines.
  init?(among variants: [BenchOutput.Variant], _ target: BenchTarget?) {
    let reaching = variants.filter { variant in
      target.map { $0.missed(by: variant).isEmpty } ?? (variant.worstCosine >= Self.leastCosine)
    }
    guard let truth = variants.first(where: { $0.isTruth == true }),
      let (best, quality) = Self.best(of: reaching, target)
    else { return nil }
    name = best.name
    path = best.path
    arithmetic = best.arithmetic
    let others = variants.count - reaching.count
    let limit = target == nil ? "a cosine of \(fixed(Self.leastCosine, 3))" : "the target"
    reason =
      "\(quality) of \(reaching.count) that reach \(limit)\(others > 0 ? " (\(others) do not)" : "")"
      + (best.isTruth == true ? "" : ": \(Self.comparison(best, truth))")
    commands = Self.commands(best)
  }

  /// What the target leaves open decides: the time; else the cosine; else the size.
  private static func best(
    of variants: [BenchOutput.Variant], _ target: BenchTarget?
  ) -> (BenchOutput.Variant, quality: String)? {
    guard target?.milliseconds != nil else {
      let least = variants.map(\.milliseconds).min() ?? 0
      return variants.filter { $0.milliseconds <= least * tie }.max { $0.worstCosine < $1.worstCosine }
        .map { ($0, "the fastest") }
    }
    guard target?.cosine != nil else {
      return variants.max { $0.worstCosine < $1.worstCosine }.map { ($0, "the most accurate") }
    }
    return variants.min { ($0.fileByteCount, $0.milliseconds) < ($1.fileByteCount, $1.milliseconds) }
      .map { ($0, "the smallest") }
  }

  private static func comparison(_ best: BenchOutput.Variant, _ truth: BenchOutput.Variant) -> String {
    let input = best.rows.first?.input == "images" ? "image" : "text"
    let speed = truth.milliseconds / best.milliseconds
    let size = Double(best.fileByteCount) / Double(truth.fileByteCount)
    return
      "\(fixed(speed, 1)) times as fast as \(truth.name) for one \(input), \(fixed(size * 100, 0)) % of its size, "
      + "worst cosine to it \(BoundedFigure.text(best.worstCosine, digits: 5, atLeast: leastCosine))"
  }

  private static func commands(_ best: BenchOutput.Variant) -> [String] {
    let bundle = best.command == nil ? best.path.shellQuoted : "NAME.pclip"
    let inputs = best.towers.contains("image") ? "IMAGES" : "--texts FILE"
    return [best.command, "pocketclip embed -m \(bundle) --arithmetic \(best.arithmetic) \(inputs)"]
      .compactMap(\.self)
  }
}
