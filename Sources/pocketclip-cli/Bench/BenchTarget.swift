import Verification

/// What a way to run a model must reach, such as `cos>=0.999, ms<=40`.
struct BenchTarget: Equatable {
  /// The worst cosine of an image or a text.
  private(set) var cosine: Double?
  /// Of images that choose the same text, the lower end of the interval.
  private(set) var agreement: Double?
  /// Of one image alone; of one text, if there is no image tower.
  private(set) var milliseconds: Double?
  private(set) var megabytes: Double?

  private typealias Part = (
    name: String, path: WritableKeyPath<BenchTarget, Double?>, range: ClosedRange<Double>
  )

  private static var parts: [Part] {
    [
      ("cos>=", \.cosine, 0...1), ("agree>=", \.agreement, 0...1), ("ms<=", \.milliseconds, 0...3_600_000),
      ("mb<=", \.megabytes, 0...1e9),
    ]
  }

  /// - Throws: a usage error that names the part.
  init(_ text: String) throws(Failure) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      try set(part.filter { !$0.isWhitespace })
    }
  }

  private mutating func set(_ part: String) throws(Failure) {
    guard let known = Self.parts.first(where: { part.lowercased().hasPrefix($0.name) }) else {
      throw Self.failure(part, "expected \(Self.parts.map(\.name).listed("or")) and a number")
    }
    let number = part.dropFirst(known.name.count)
    guard number.allSatisfy({ $0.isASCII && ($0.isNumber || ".eE+-".contains($0)) }),
      let value = Double(number),
      value.isFinite
    else {
      throw Self.failure(part, "expected a number after \(known.name)")
    }
    guard known.range.contains(value) else {
      throw Self.failure(
        part,
        "expected a number from \(fixed(known.range.lowerBound, 0)) to \(fixed(known.range.upperBound, 0))")
    }
    guard self[keyPath: known.path] == nil else { throw Self.failure(part, "given twice") }
    self[keyPath: known.path] = value
  }

  private static func failure(_ part: String, _ reason: String) -> Failure {
    Failure(
      .usage, "--target: '\(part.shortened)': \(reason)",
      hint:
        "write it as in --target \"cos>=0.999, agree>=0.98, ms<=40, mb<=160\"; any of them may be left out")
  }
}

extension BenchTarget {
  /// What a variant misses, each with the limit.
  func missed(by variant: BenchOutput.Variant) -> [String] {
    var missed: [String] = []
    if let cosine, !(variant.worstCosine >= cosine) {
      missed.append(
        "cosine \(BoundedFigure.text(variant.worstCosine, digits: 6, atLeast: cosine)) is below \(cosine)")
    }
    if let agreement, variant.isTruth != true, !((variant.agreement?.least ?? 0) >= agreement) {
      let found =
        variant.agreement.map { "\(fixed($0.least, 3)) (\($0.agreeing) of \($0.images))" } ?? "unknown"
      missed.append("agreement of at least \(found) is below \(agreement)")
    }
    if let milliseconds, !(variant.milliseconds <= milliseconds) {
      missed.append("\(benchMilliseconds(variant.milliseconds)) ms are above \(milliseconds)")
    }
    if let megabytes, !(Double(variant.fileByteCount) <= megabytes * 1e6) {
      missed.append("\(fixed(Double(variant.fileByteCount) / 1e6, 3)) MB are above \(megabytes)")
    }
    return missed
  }

  /// Refuses a sample that could not show the agreement if every image agreed: n / (n + z²) is Wilson's lower end then.
  func requireSample(of imageCount: Int) throws(Failure) {
    guard let agreement else { return }
    guard agreement < 1 else {
      throw Failure(
        .usage, "--target: no number of images can show agree>=\(agreement)",
        hint: "ask for less than 1, such as 0.98")
    }
    let square = 1.959963984540054 * 1.959963984540054
    let needed = (square * agreement / (1 - agreement)).rounded(.up)
    guard Double(imageCount) < needed else { return }
    throw Failure(
      .usage,
      "--target: agree>=\(agreement) needs at least \(fixed(needed, 0)) images, as the lower end of the interval counts; "
        + "there are \(imageCount)",
      hint: "give more images with --image, or lower agree")
  }
}
