import Archives
import SystemPath
import Verification

/// The recommended variant, with the reason.
struct Recommendation: Encodable {
  var name, arithmetic, reason: String
  /// Nil for a bundle that bench made.
  var path: String?
  /// What to type: the command that makes the bundle, if bench made it, and one that runs it.
  var commands: [String]

  /// The lowest default bound of `convert` for an int8 image tower.
  static let leastCosine = 0.998
  /// Times and sizes this close count as equal; the most accurate of them is recommended.
  private static let timeTie = 1.05
  private static let sizeTie = 1.001

  /// - Parameters:
  ///   - target: nil for a cosine of `leastCosine`.
  ///   - sample: the options that the recommended command repeats.
  /// - Precondition: the variants have rows, of the same cases, and cosines.
  init?(among variants: [BenchOutput.Variant], _ target: BenchTarget?, _ sample: SampleOptions) {
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
      + (best.isDefault
        ? ""
        : "; it runs so only with --arithmetic \(best.arithmetic), or PCLIP_ARITHMETIC=\(best.arithmetic) elsewhere")
    commands = Self.commands(best, sample)
  }

  /// What the target leaves open decides: the time; else the cosine; else the size.
  private static func best(
    of variants: [BenchOutput.Variant], _ target: BenchTarget?
  ) -> (BenchOutput.Variant, quality: String)? {
    func mostAccurate(_ variants: [BenchOutput.Variant], _ quality: String) -> (BenchOutput.Variant, String)?
    {
      variants.max { ($0.worstCosine, -$0.milliseconds) < ($1.worstCosine, -$1.milliseconds) }.map {
        ($0, quality)
      }
    }
    guard target?.milliseconds != nil else {
      let least = variants.map(\.milliseconds).min() ?? 0
      return mostAccurate(
        variants.filter { $0.milliseconds <= least * timeTie },
        "the most accurate of the fastest (within 5 %),")
    }
    guard target?.cosine != nil else { return mostAccurate(variants, "the most accurate") }
    let least = Double(variants.map(\.fileByteCount).min() ?? 0) * sizeTie
    return mostAccurate(
      variants.filter { Double($0.fileByteCount) <= least }, "the most accurate of the smallest,")
  }

  private static func comparison(_ best: BenchOutput.Variant, _ truth: BenchOutput.Variant) -> String {
    let input = best.rows.first?.input == "images" ? "image" : "text"
    let size = Double(best.fileByteCount) / Double(truth.fileByteCount)
    let labels =
      best.agreement.map { ", same label for \($0.agreeing) of \(counted($0.images, "image"))" } ?? ""
    return
      "\(speed(truth.milliseconds / best.milliseconds, truth.name)) for one \(input), "
      + (size > 0.995 ? "the same size" : "\(fixed(size * 100, 0)) % of its size")
      + ", worst cosine to it \(BoundedFigure.text(best.worstCosine, digits: 5, atLeast: leastCosine))\(labels)"
  }

  private static func speed(_ ratio: Double, _ name: String) -> String {
    if ratio > timeTie { return "\(fixed(ratio, 1)) times as fast as \(name)" }
    return ratio * timeTie < 1 ? "\(fixed(1 / ratio, 1)) times the time of \(name)" : "as fast as \(name)"
  }

  private static func commands(_ best: BenchOutput.Variant, _ sample: SampleOptions) -> [String] {
    var words = ["pocketclip", sample.labels == nil ? "embed" : "classify", "-m"]
    words += [best.path?.shellQuoted ?? "NAME.pclip", "--arithmetic", best.arithmetic]
    if best.towers.contains("image") {
      words += sample.image.isEmpty ? ["IMAGE"] : sample.image.map(\.shellQuoted)
    } else {
      words += ["--text", "TEXT"]
    }
    for (name, value) in [("--labels", sample.labels), ("--template", sample.template)] {
      if let value { words += [name, value.shellQuoted] }
    }
    return [best.command, words.joined(separator: " ")].compactMap(\.self)
  }
}
