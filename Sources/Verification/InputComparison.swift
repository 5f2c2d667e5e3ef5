internal import Architecture
internal import ImageFiles
internal import ImagePreprocessing
internal import Models

/// Compares pixels and ids with those of an original library for the same images and texts.
enum InputComparison {
  /// - Parameter prepare: normalized FP32 `[3, S, S]` of an image.
  static func pixels(
    _ golden: GoldenFile, _ preprocessing: Preprocessing, imageSize: Int,
    prepare: (ProbeImage) throws(VerificationError) -> [Float]
  ) throws(VerificationError) -> InputReport.Pixels {
    guard let truth = golden.images else {
      return .init(status: .notCompared, reason: "the golden file holds no images, only prepared pixels")
    }
    var mine: [[Float]] = []
    for image in truth.images { mine.append(try prepare(image.probe(for: preprocessing, imageSize))) }
    let levels = mine.map { preprocessing.levels(of: $0) }
    var report = InputReport.Pixels(
      status: .equal, original: truth.preprocessor, images: mine.count,
      values: mine.reduce(0) { $0 + $1.count })
    for index in mine.indices {
      for (position, level) in levels[index].enumerated() {
        let difference = abs(Int(level) - Int(truth.levels[index][position]))
        if difference == 0 {
          let distance = abs(Double(mine[index][position]) - Double(truth.pixels[index][position]))
          report.normalization = max(
            report.normalization, distance.isFinite ? distance : StageError.notFinite)
        } else {
          report.differing += 1
          report.largestDifference = max(report.largestDifference, difference)
        }
      }
    }
    try judge(&report, truth, preprocessing, imageSize)
    return report
  }

  private static func judge(
    _ report: inout InputReport.Pixels, _ truth: GoldenImages, _ preprocessing: Preprocessing,
    _ imageSize: Int
  ) throws(VerificationError) {
    let variants = PreprocessingVariants(preprocessing.resized(by: truth.backend), imageSize: imageSize)
    if report.normalization > normalizationBound {
      report.status = .differs
      report.reason =
        "normalized values differ by up to \(report.normalization.scientific): " + truth.meanAndDeviation
    }
    guard report.differing > 0 else {
      report.undetermined = try variants.undetermined(truth)
      return
    }
    let isOtherBackend = truth.backend != preprocessing.backend.fieldText
    let isWithinRounding =
      report.largestDifference <= backendLevels
      && Double(report.differing) <= backendShare * Double(report.values)
    if isOtherBackend, isWithinRounding {
      if report.status == .equal { report.status = .close }
      let text =
        "the golden file was resized with \(truth.backend), the model resizes with \(preprocessing.backend.fieldText)"
      report.reason = [report.reason, text].compactMap { $0 }.joined(separator: "; ")
    } else {
      report.status = .differs
      let explanation = try variants.explanation(truth).map { "the golden file was made with \($0)" }
      report.reason =
        [report.reason, explanation].compactMap { $0 }.joined(separator: "; ").nilIfEmpty
    }
  }

  typealias Tokenize = (String) throws(VerificationError) -> [Int32]

  /// - Parameter tokenize: ids up to the context length; nil if the model has no tokenizer.
  static func tokens(
    _ golden: GoldenFile, tokenize: Tokenize?
  ) throws(VerificationError) -> InputReport.Tokens {
    guard let truth = golden.texts else {
      return .init(status: .notCompared, reason: "the golden file holds no texts, only ids")
    }
    guard let tokenize else { return .init(status: .notCompared, reason: "the model has no tokenizer") }
    var report = InputReport.Tokens(
      status: .equal, original: truth.tokenizer, texts: truth.strings.count)
    for (text, expected) in zip(truth.strings, truth.ids) {
      let found = try tokenize(text)
      guard found != expected else { continue }
      report.differing += 1
      report.status = .differs
      report.reason = report.reason ?? firstDifference(found, expected, text)
    }
    return report
  }

  /// Compares the pooled positions of the texts. The original's is the last nonzero id, or the last position of a tower that
  /// pools there whatever its id, where nothing can differ.
  static func pooling(_ golden: GoldenFile, _ tower: TextTower) -> InputReport.Tokens {
    var report = InputReport.Tokens(status: .equal, texts: golden.ids.count)
    for (index, ids) in golden.ids.enumerated() {
      let expected = tower.pooling == .last ? ids.count - 1 : ids.lastIndex { $0 != 0 } ?? 0
      let found: Int?
      switch tower.pooling {
      case .highestID: found = ids.max().flatMap { ids.firstIndex(of: $0) }
      case .firstID(let id): found = ids.firstIndex { Int($0) == id }
      case .last: found = ids.indices.last
      }
      guard found != expected else { continue }
      report.differing += 1
      report.status = .differs
      let position = found.map { "pooled at position \($0)" } ?? "without the id that the tower pools at"
      report.reason = report.reason ?? "text \(index) is \(position), the original pools \(expected)"
    }
    return report
  }

  private static func firstDifference(_ found: [Int32], _ expected: [Int32], _ text: String) -> String {
    let begin = text.count > 40 ? "\(text.prefix(40))…" : text
    guard found.count == expected.count,
      let position = found.indices.first(where: { found[$0] != expected[$0] })
    else { return "of \"\(begin)\" \(found.count) ids, not \(expected.count)" }
    return "id \(position) of \"\(begin)\" is \(found[position]), the original's \(expected[position])"
  }

  /// The FP32 rounding of division, subtraction and division: values reach 2.7, where the spacing is 2.4e-7.
  private static let normalizationBound = 2e-6
  /// The largest difference between resize backends: two levels, in one value of fifty.
  private static let backendLevels = 2
  private static let backendShare = 0.02
}

extension DecodedImage {
  /// The image in the form that the runtime's caller passes.
  func probe(for preprocessing: Preprocessing, _ imageSize: Int) throws(VerificationError) -> ProbeImage {
    do throws(ImageFault) {
      let image = try prepared(for: preprocessing, imageSize: imageSize)
      return ProbeImage(width: image.width, height: image.height, pixels: image.pixels)
    } catch {
      throw .incomparable("image of \(width) x \(height) in the golden file: \(error)")
    }
  }
}

extension Preprocessing {
  /// The 8-bit levels of normalized `[3, S, S]`.
  func levels(of planes: [Float]) -> [UInt8] {
    let plane = planes.count / 3
    let statistics = [
      (mean.red, standardDeviation.red), (mean.green, standardDeviation.green),
      (mean.blue, standardDeviation.blue),
    ]
    return planes.indices.map { index in
      let (mean, deviation) = statistics[min(index / max(plane, 1), 2)]
      let level = (Double(planes[index]) * Double(deviation) + Double(mean)) * 255
      return UInt8(max(0, min(255, level.isFinite ? level.rounded() : 0)))
    }
  }

  /// The same settings with the golden file's backend, if it is a supported one.
  func resized(by name: String) -> Preprocessing {
    guard let backend = Backend.allCases.first(where: { $0.fieldText == name }) else { return self }
    var result = self
    result.backend = backend
    return result
  }
}

extension GoldenImages {
  /// Mean and standard deviation with which the values were normalized.
  var meanAndDeviation: String {
    var means: [String] = []
    var deviations: [String] = []
    for channel in 0..<3 {
      var extremes: (low: (UInt8, Float), high: (UInt8, Float))?
      for (levels, pixels) in zip(levels, pixels) {
        let plane = levels.count / 3
        for position in channel * plane..<(channel + 1) * plane {
          let item = (levels[position], pixels[position])
          guard let known = extremes else {
            extremes = (item, item)
            continue
          }
          if item.0 < known.low.0 { extremes?.low = item }
          if item.0 > known.high.0 { extremes?.high = item }
        }
      }
      guard let extremes, extremes.high.0 > extremes.low.0, extremes.high.1 != extremes.low.1 else {
        return "the golden file has another mean and standard deviation"
      }
      let step = Double(extremes.high.1 - extremes.low.1) / Double(extremes.high.0 - extremes.low.0)
      let deviation = 1 / (255 * step)
      means.append(((Double(extremes.low.0) / 255 - Double(extremes.low.1) * deviation)).digits(4))
      deviations.append(deviation.digits(4))
    }
    return
      "those of the golden file have mean \(means.joined(separator: " ")), std \(deviations.joined(separator: " "))"
  }
}

extension String {
  fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
