internal import Architecture
import Verification

// The verdict and its figures.
extension ReportPage {
  var summary: [String] {
    let reasons = reports.flatMap { report in report.reasons.map { "\(name(report)): \($0)" } }
    let list = reasons.map { "<li>\(HTML.text($0))</li>" }.joined(separator: "\n")
    let truth =
      reports.first.map { "Compared with \($0.truth)." }
      ?? "The file alone was checked: checksums, rules and self-test."
    return [HTML.paragraph(truth)] + (reasons.isEmpty ? [] : ["<ul>\(list)</ul>"])
      + (reports.isEmpty
        ? [] : [HTML.section("Vectors", [HTML.table(Self.head, reports.flatMap(rows)), explanation])])
  }

  private static let head = ["", "inputs", "worst cosine", "at least", "mean cosine", "SQNR, dB"]

  private func rows(_ report: Report) -> [[String]] {
    Tower.allCases.flatMap { tower -> [[String]] in
      let least = report.thresholds.bounds(tower)?.worstCosine
      let bound = least.map { "\($0)" } ?? "–"
      var rows: [[String]] = []
      if let metrics = report.tower(tower)?.metrics {
        rows.append([
          "\(name(report)), \(tower), \(items)", "\(metrics.probes)",
          BoundedFigure.text(metrics.worstCosine, digits: 6, atLeast: least), bound,
          BoundedFigure.text(metrics.meanCosine, digits: 6), metrics.sqnr?.digits(1) ?? "–",
        ])
      }
      if let sample = report.sample?.tower(tower) {
        rows.append([
          "\(name(report)), \(tower), yours", "\(sample.count)",
          BoundedFigure.text(sample.worstCosine, digits: 6, atLeast: least), bound,
          BoundedFigure.text(sample.meanCosine, digits: 6), "–",
        ])
      }
      return rows
    }
  }

  private var explanation: String {
    "<p class=\"soft\">A cosine of 1 is the direction of the reference's vector. Figures are rounded towards the worse "
      + "side. SQNR: signal-to-noise ratio of the values.</p>"
  }

  /// The error of each stage.
  var layers: [String] {
    Tower.allCases.flatMap { tower -> [String] in
      let series = reports.map { (name($0), $0.tower(tower)?.stages ?? []) }
      guard let plot = StagePlot(series) else { return [] }
      let divergences = reports.compactMap { report in
        report.tower(tower)?.divergence.map {
          "\(name(report)) diverges \($0.text)."
        }
      }
      return [
        HTML.section(
          "Layers of the \(tower) tower",
          divergences.map(HTML.paragraph) + [
            legend,
            "<figure><div class=\"scroll\">\(plot.svg)</div><figcaption>Relative error of the worst of the \(items) inputs after each stage.</figcaption></figure>",
          ])
      ]
    }
  }

  /// Histograms of the user's images and texts.
  var distances: [String] {
    Tower.allCases.flatMap { tower -> [String] in
      let series = reports.map { (name($0), $0.sample?.tower(tower)?.histogram ?? []) }
      guard series.allSatisfy({ !$0.1.isEmpty }), let plot = HistogramPlot(series) else { return [] }
      let noun = tower == .image ? "images" : "texts"
      return [
        HTML.section(
          "Your \(noun)",
          [
            legend,
            "<figure><div class=\"scroll\">\(plot.svg)</div><figcaption>Number of \(noun) by 1 − cosine; further left is closer.</figcaption></figure>",
          ])
      ]
    }
  }
}
