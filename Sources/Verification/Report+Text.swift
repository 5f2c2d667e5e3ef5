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
    var lines = ["\(subject) against \(truth)", "probes      \(probes)"]
    if let reference { lines.append("reference   \(reference)") }
    lines.append("thresholds  \(thresholds.name)")
    for (index, line) in (inputs?.lines ?? []).enumerated() {
      lines.append((index == 0 ? "inputs      " : "            ") + line)
    }
    for tower in Tower.allCases {
      if let report = self.tower(tower) { lines += report.lines(tower, thresholds.bounds(tower)) }
    }
    if let agreement {
      let demand = thresholds.agreement.map { " (at least \(($0 * 100).digits(1)) %)" } ?? ""
      lines.append(
        "zero-shot   \(agreement.agreeing) of \(counted(agreement.images, "image")) choose the same of "
          + "\(counted(agreement.texts, "text"))\(demand)")
    }
    lines.append("verdict     \(verdict.rawValue)")
    lines += reasons.map { "            \($0)" }
    for case let divergence? in [image?.divergence, text?.divergence] {
      lines.append(
        "diverges    at \(divergence.stage): relative error \(divergence.error.scientific), "
          + "\(divergence.errorBefore.scientific) before it")
    }
    return lines
  }
}

extension TowerReport {
  fileprivate func lines(_ tower: Tower, _ bounds: Thresholds.Bounds?) -> [String] {
    let name = tower == .image ? "image       " : "text        "
    let blank = "            "
    let sqnr = metrics.sqnr.map { ", SQNR \($0.digits(1)) dB" } ?? ""
    let cosineBound = bounds?.worstCosine.map { " (at least \($0))" } ?? ""
    let absoluteBound = bounds?.maximumAbsolute.map { " (at most \($0.scientific))" } ?? ""
    let ratioBound = bounds?.rmsRatio.map { " (at most \($0.digits(1)) times)" } ?? ""
    let originalText = original.map { ", the original's FP32 \($0.rms.scientific)\(ratioBound)" } ?? ""
    return [
      "\(name)cosine mean \(metrics.meanCosine.digits(9)), worst \(metrics.worstCosine.digits(9))\(cosineBound), "
        + counted(metrics.probes, "probe"),
      "\(blank)largest difference \(metrics.maximumAbsolute.scientific)\(absoluteBound)\(sqnr)",
      "\(blank)RMS error \(metrics.rms.scientific)\(originalText)",
    ]
  }
}

extension Double {
  /// Fixed decimals, truncated towards zero, so that a cosine below a bound never prints as the bound.
  func digits(_ count: Int) -> String {
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
  var scientific: String {
    guard self != 0, isFinite else { return "\(self)" }
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
