internal import Architecture
internal import Archives

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

extension Report {
  /// The report for a terminal.
  public var rendered: String { lines.joined(separator: "\n") }

  public var lines: [String] {
    var lines = ["\(subject) against \(truth)", "inputs      \(inputText)"]
    if let reference { lines.append("reference   matrix product: \(reference)") }
    lines.append("bounds      \(thresholds.name)")
    lines += sourceLines + inputLines + layerLines
    for tower in Tower.allCases {
      if let report = self.tower(tower) { lines += report.lines(tower, thresholds.bounds(tower)) }
    }
    if let agreement {
      let demand = thresholds.agreement.map { " (at least \(agreement.count(for: $0)))" } ?? ""
      lines.append(
        "zero-shot   \(agreement.agreeing) of \(counted(agreement.images, "image")) choose the same of "
          + "\(counted(agreement.texts, "text"))\(demand)")
    }
    lines += sample.map { $0.lines(thresholds) } ?? []
    lines.append("verdict     \(verdict.rawValue)")
    lines += reasons.map { "            \($0)" }
    return lines
  }

  /// `20 images, 16 texts (standard-2-…)`.
  private var inputText: String {
    let counts = [
      image.map { counted($0.metrics.probes, "image") }, text.map { counted($0.metrics.probes, "text") },
    ].compactMap(\.self)
    return counts.isEmpty ? probes : "\(counts.joined(separator: ", ")) (\(probes))"
  }
}

extension SampleReport {
  fileprivate func lines(_ thresholds: Thresholds) -> [String] {
    let towers = [("image", image, thresholds.image), ("text", text, thresholds.text)]
    var lines = towers.compactMap { noun, sample, bounds in
      sample.map { "\(counted($0.count, noun)): \($0.cosineText(bounds))" }
    }
    if let example = image?.worst.first { lines.append("worst image \(example.name.printableEnd(of: 60))") }
    lines += decisions.map { $0.lines } ?? []
    return lines.enumerated().map { ($0 == 0 ? "yours       " : "            ") + $1 }
  }
}

extension TowerSample {
  fileprivate func cosineText(_ bounds: Thresholds.Bounds?) -> String {
    let least = bounds?.worstCosine
    return "worst cosine \(BoundedFigure.text(worstCosine, digits: 9, atLeast: least)), mean "
      + BoundedFigure.text(meanCosine, digits: 9)
  }
}

extension Decisions {
  fileprivate var lines: [String] {
    let interval = agreement.interval
    let share = "\((100 * interval.lowerBound).digits(1)) to \((100 * interval.upperBound).digits(1)) %"
    return [
      "\(agreement.agreeing) of \(agreement.images) images get the same label (\(share))",
      "label probabilities diverge by \(divergence.mean.scientific) nats, at worst \(worstDivergence.scientific)"
        + (assumedLogitScale.map { " (logit scale \($0.digits(0)): the model stores none)" } ?? ""),
    ]
      + (rankCorrelation.map { ["order of labels: rank correlation \($0.text)"] } ?? [])
      + (retrieval.map { ["of \($0.k) images found by a text, the same: \($0.overlap.text)"] } ?? [])
  }
}

extension Estimate {
  /// `0.9987 (0.9981 to 0.9993)`.
  fileprivate var text: String { "\(mean.digits(4)) (\(least.digits(4)) to \(min(1, most).digits(4)))" }
}

extension Metrics {
  /// `worst cosine 0.999892345 (at least 0.9998), mean 0.999944123`.
  package func cosineText(digits: Int, _ bounds: Thresholds.Bounds?) -> String {
    let least = bounds?.worstCosine
    let worst = BoundedFigure.text(worstCosine, digits: digits, atLeast: least)
    let demand = least.map { " (at least \($0))" } ?? ""
    return "worst cosine \(worst)\(demand), mean \(BoundedFigure.text(meanCosine, digits: digits))"
  }
}

extension TowerReport {
  fileprivate func lines(_ tower: Tower, _ bounds: Thresholds.Bounds?) -> [String] {
    let name = tower == .image ? "image       " : "text        "
    let blank = "            "
    let largest = BoundedFigure.text(metrics.maximumAbsolute, atMost: bounds?.maximumAbsolute)
    let demand = bounds?.maximumAbsolute.map { " (at most \($0))" } ?? ""
    let noise = metrics.sqnr.map { ["\(blank)signal-to-noise ratio (SQNR) \($0.digits(1)) dB"] } ?? []
    return [
      "\(name)\(metrics.cosineText(digits: 9, bounds))",
      "\(blank)largest difference of a value \(largest)\(demand)",
      "\(blank)RMS difference \(rmsText(bounds))",
    ] + noise
  }

  private func rmsText(_ bounds: Thresholds.Bounds?) -> String {
    guard let original else { return BoundedFigure.text(metrics.rms, atMost: nil) }
    let most = bounds?.rmsRatio.map { $0 * original.rms }
    let demand = bounds?.rmsRatio.map { " (at most \($0) times as much)" } ?? ""
    return BoundedFigure.text(metrics.rms, atMost: most)
      + ", of the original library's FP32 \(original.rms.scientific)\(demand)"
  }
}

extension Double {
  /// Fixed decimals, truncated towards zero.
  package func digits(_ count: Int) -> String {
    let scale = pow(10, Double(count))
    let units = (abs(self) * scale).rounded(.down)
    guard units < 1e15 else { return "\(self)" }
    let (integer, fraction) = Int(units).quotientAndRemainder(dividingBy: Int(scale))
    let digits = String(fraction)
    let sign = self < 0 ? "-" : ""
    guard count > 0 else { return "\(sign)\(integer)" }
    return "\(sign)\(integer)." + String(repeating: "0", count: count - digits.count) + digits
  }

  /// Two significant digits: `3.2e-08`.
  package var scientific: String {
    guard self != 0, isFinite else { return self == 0 ? "0" : "\(self)" }
    var exponent = Int(floor(log10(abs(self))))
    var mantissa = (abs(self) / pow(10, Double(exponent)) * 10).rounded() / 10
    if mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    let sign = self < 0 ? "-" : ""
    let power = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
    return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(power)"
  }
}
