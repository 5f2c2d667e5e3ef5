internal import Architecture
internal import Foundation
import Verification

// What the differences change.
extension ReportPage {
  var decisions: [String] {
    let found = reports.map { $0.sample?.decisions }
    let rows = [
      row("same label, \(items) images", reports.map { $0.agreement?.text }),
      row("same label, your images", found.map { $0?.agreement.text }),
      row("divergence of the labels' probabilities, mean", found.map { $0?.divergence.mean.scientific }),
      row("logit scale, which the model does not store", found.map { $0?.assumedLogitScale?.digits(0) }),
      row("divergence, worst image", found.map { $0?.worstDivergence.scientific }),
      row("order of labels", found.map { $0?.rankCorrelation?.text }),
      row("images found", found.map { $0?.retrieval?.overlap.text }),
    ].compactMap(\.self)
    guard !rows.isEmpty else { return [] }
    let k = found.compactMap { $0?.retrieval?.k }.first.map { " (k is \($0))" } ?? ""
    return [
      HTML.section(
        "Decisions",
        [
          HTML.table([""] + reports.map(name), rows),
          "<p class=\"soft\">Intervals of 95 %. Same label: images that get the label that the reference gives. Divergence: "
            + "Kullback-Leibler, in nats. Order of labels: Spearman's correlation. Images found: of the first k images of each "
            + "text\(k), the share that the reference finds too.</p>",
        ])
    ]
  }

  /// Nil if no run has the figure.
  private func row(_ name: String, _ values: [String?]) -> [String]? {
    values.contains { $0 != nil } ? [name] + values.map { $0 ?? "–" } : nil
  }

  /// The similarities of the first images and labels.
  var similarities: [String] {
    let plots = reports.compactMap { report in
      SimilarityPlot(report.sample?.similarity).map { (name(report), $0) }
    }
    guard !plots.isEmpty else { return [] }
    let figures = plots.map { name, plot in
      "<h3>\(HTML.text(name))</h3><figure><div class=\"scroll\">\(plot.svg)</div><figcaption>Difference of the cosine of "
        + "each image and label from the reference's; full colour is \(plot.most.scientific). Blue is lower, orange "
        + "higher.</figcaption></figure>"
    }
    return [HTML.section("Similarities", figures)]
  }

  /// The images and texts with the smallest cosines.
  var examples: [String] {
    reports.flatMap { report -> [String] in
      let images = report.sample?.image?.worst ?? []
      let texts = report.sample?.text?.worst ?? []
      guard !(images + texts).isEmpty else { return [] }
      let items = images.map { example in
        "<li>\(picture(example.name))\(example.cosine.digits(6))<br>\(HTML.text(example.name.end(60)))\(label(example))</li>"
      }
      let rows = texts.map { [$0.name.end(80), $0.cosine.digits(6)] }
      return [
        HTML.section(
          "Worst of yours, \(name(report))",
          (items.isEmpty ? [] : ["<ul class=\"examples\">\(items.joined(separator: "\n"))</ul>"])
            + (rows.isEmpty ? [] : [HTML.table(["text", "cosine"], rows, classes: "words")]))
      ]
    }
  }

  private func picture(_ path: String) -> String {
    guard let png = thumbnails[path] else { return "" }
    return "<img alt=\"\" src=\"data:image/png;base64,\(Data(png).base64EncodedString())\">"
  }

  private func label(_ example: TowerSample.Example) -> String {
    guard let label = example.label, let expected = example.expectedLabel else { return "" }
    return "<br>\(HTML.text(label.end(40)))"
      + (label == expected ? "" : "<br><span class=\"fail\">reference: \(HTML.text(expected.end(40)))</span>")
  }

  /// Files, settings, and how to repeat this.
  var identity: [String] {
    [
      settings.isEmpty
        ? ""
        : HTML.section("Settings", [HTML.table(["setting", "value", "from"], settings, classes: "words")]),
      HTML.section(
        "To repeat this",
        [
          "<pre>\(HTML.text(command))</pre>", HTML.table(["", ""], facts, classes: "words"),
        ]),
    ]
  }
}

extension Agreement {
  /// `38 of 38 (90.8 to 100.0 %)`.
  fileprivate var text: String {
    let ends = [interval.lowerBound, interval.upperBound].map { (100 * $0).digits(1) }
    return "\(agreeing) of \(images) (\(ends[0]) to \(ends[1]) %)"
  }
}

extension Estimate {
  /// `0.9987 (0.9981 to 0.9993)`.
  fileprivate var text: String {
    "\(mean.digits(4)) (\(least.digits(4)) to \(min(1, most).digits(4)))"
  }
}
