import Verification

/// The relative error of each stage of a tower, one row per stage, on a logarithmic scale.
struct StagePlot {
  /// Names and errors of at most two runs.
  private let series: [(name: String, stages: [StageError])]

  init?(_ series: [(name: String, stages: [StageError])]) {
    guard series.contains(where: { !$0.stages.isEmpty }) else { return nil }
    self.series = Array(series.prefix(2))
  }

  private static let rowHeight = 18
  private static let labelWidth = 150
  private static let plotWidth = 330

  var svg: String {
    let width = Self.labelWidth + Self.plotWidth + 30
    let names = series[0].stages.map(\.stage)
    let errors = series.flatMap { $0.stages.map(\.error) }.filter { $0 > 0 }
    let axis = LogAxis(errors, width: Self.plotWidth)
    let height = Self.rowHeight * (names.count + 2)
    var parts = axis.ticks.map { tick in
      let x = Self.labelWidth + tick.position
      return
        "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(Self.rowHeight)\" y2=\"\(height - Self.rowHeight)\"/>"
        + "<text class=\"soft\" x=\"\(x)\" y=\"\(height - 4)\" text-anchor=\"middle\">\(tick.label)</text>"
    }
    for (row, name) in names.enumerated() {
      let y = Self.rowHeight * (row + 1) + Self.rowHeight / 2
      parts.append(
        "<text x=\"\(Self.labelWidth - 10)\" y=\"\(y + 4)\" text-anchor=\"end\">\(HTML.text(name.shortStage))</text>"
      )
      for (index, run) in series.enumerated() where row < run.stages.count {
        let error = run.stages[row].error
        let x = Self.labelWidth + axis.position(error)
        parts.append(
          "<circle class=\"\(Self.classes[index])\" cx=\"\(x)\" cy=\"\(y + (index == 0 ? -2 : 2))\" r=\"4\">"
            + "<title>\(HTML.text("\(name), \(run.name): \(error.scientific)"))</title></circle>")
      }
    }
    return
      "<svg viewBox=\"0 0 \(width) \(height)\" style=\"width:100%;min-width:360px;max-width:\(width + 140)px\" role=\"img\" "
      + "aria-label=\"Relative error of each stage\">\(parts.joined(separator: "\n"))</svg>"
  }

  static let classes = ["one", "two"]
}

/// Powers of ten from left to right.
struct LogAxis {
  private let first, last: Int
  private let width: Int

  init(_ values: [Double], width: Int) {
    let exponents = values.map(\.decade)
    first = exponents.min() ?? -8
    last = max((exponents.max() ?? 0) + 1, first + 1)
    self.width = width
  }

  var ticks: [(position: Int, label: String)] {
    (first...last).map { (position(decade: Double($0)), "1e\($0)") }
  }

  /// Zero is at the left end.
  func position(_ value: Double) -> Int {
    value > 0 ? position(decade: value.logarithm) : 0
  }

  private func position(decade: Double) -> Int {
    let share = (decade - Double(first)) / Double(last - first)
    return Int((min(1, max(0, share)) * Double(width)).rounded())
  }
}
