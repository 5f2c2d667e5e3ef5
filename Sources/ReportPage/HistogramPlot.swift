import Verification

/// How many items have which distance 1 − cos, in three classes for each power of ten.
struct HistogramPlot {
  private let series: [(name: String, counts: [Int])]

  init?(_ series: [(name: String, counts: [Int])]) {
    guard series.contains(where: { $0.counts.contains { $0 > 0 } }) else { return nil }
    self.series = Array(series.prefix(2))
  }

  private static let height = 160
  private static let classWidth = 28

  var svg: String {
    let used = series.flatMap { $0.counts.indices.filter { index in self.isUsed(index) } }
    let (first, last) = (used.min() ?? 0, used.max() ?? 0)
    let most = series.flatMap(\.counts).max() ?? 1
    let width = Self.classWidth * (last - first + 1)
    var parts: [String] = []
    for index in first...last {
      let x = Self.classWidth * (index - first)
      for (run, data) in series.enumerated() where data.counts[index] > 0 {
        let bar = max(2, data.counts[index] * Self.height / most)
        let left = x + 2 + run * (Self.classWidth / 2 - 2)
        parts.append(
          "<rect class=\"\(StagePlot.classes[run])\" x=\"\(left)\" y=\"\(20 + Self.height - bar)\" "
            + "width=\"\(Self.classWidth / 2 - 3)\" height=\"\(bar)\">"
            + "<title>\(HTML.text("\(data.name): \(data.counts[index])"))</title></rect>")
      }
      if index < TowerSample.edges.count, index % 3 == 0 {
        let edge = x + Self.classWidth
        parts.append(
          "<line class=\"grid\" x1=\"\(edge)\" x2=\"\(edge)\" y1=\"20\" y2=\"\(20 + Self.height)\"/>"
            + "<text class=\"soft\" x=\"\(edge)\" y=\"\(36 + Self.height)\" text-anchor=\"middle\">"
            + "\(TowerSample.edges[index].scientific)</text>")
      }
    }
    parts.append("<text class=\"soft\" x=\"0\" y=\"12\">most: \(most)</text>")
    return
      "<svg viewBox=\"-30 0 \(width + 60) \(Self.height + 44)\" style=\"width:\(width + 60)px\" role=\"img\" "
      + "aria-label=\"Histogram of 1 - cos\">\(parts.joined(separator: "\n"))</svg>"
  }

  private func isUsed(_ index: Int) -> Bool { series.contains { $0.counts[index] > 0 } }
}
