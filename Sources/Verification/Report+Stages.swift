internal import Architecture
internal import Archives

// The stages before the vectors, in the order in which a difference travels.
extension Report {
  /// Settings and weights, compared with the source's.
  var sourceLines: [String] {
    guard let settings, let weights else { return [] }
    let settingLines = settings.isEmpty ? ["all are the source's"] : settings.map(\.text)
    let unrecorded =
      takesSettingsFromBundle == true ? ["except those that the source does not record: not compared"] : []
    let weightLines =
      weights.isEmpty
      ? [
        "every compared tensor is the source's, within what its stored type explains",
        "(biases that calibration corrected are not compared)",
      ]
      : weights.prefix(Self.mostTensors).map { "\($0.text); relative error \($0.error.scientific)" }
    let more =
      weights.count > Self.mostTensors ? ["and \(weights.count - Self.mostTensors) more tensors"] : []
    return labelled("settings", settingLines + unrecorded) + labelled("weights", weightLines + more)
  }

  private static let mostTensors = 5

  /// Before the model: prepared pixels and token ids.
  var inputLines: [String] { labelled("compared", inputs?.lines ?? ownInputLines) }

  /// Both sides prepared their inputs with PocketCLIP's code.
  private var ownInputLines: [String] {
    [(image, StageName.pixels, "pixels"), (text, StageName.tokens, "ids")].compactMap {
      report, stage, values in
      report.map { report in
        let difference = report.stages.first { $0.stage == stage }
        return "\(stage): "
          + (difference.map { "other \(values), relative error \($0.error.scientific)" } ?? "equal \(values)")
      }
    }
  }
}

extension Report {
  /// The towers' layers.
  var layerLines: [String] {
    labelled("layers", Tower.allCases.flatMap { tower in self.tower(tower)?.layerLines(tower) ?? [] })
  }
}

extension WeightError {
  /// `visual.proj is not the source's (transposed), from row 0 on`.
  var text: String { "\(tensor) is not the source's\(cause.map { " (\($0))" } ?? ""), from row \(row) on" }
}

extension TowerReport {
  /// The worst stage; if the tower diverges, where, and every stage.
  fileprivate func layerLines(_ tower: Tower) -> [String] {
    if let divergence {
      return ["\(tower) diverges \(divergence.text)"] + table(marking: divergence.stage)
    }
    guard let worst = stages.max(by: { $0.error < $1.error }) else { return [] }
    return ["\(tower): relative error at most \(worst.error.scientific), at \(worst.stage)"]
  }

  private func table(marking stage: String) -> [String] {
    let rows = stages.filter { $0.worstCosine != nil }
    let width = (rows.map(\.stage.count) + [5]).reduce(0, max)
    func line(_ mark: String, _ cells: [String]) -> String {
      let name = cells[0] + String(repeating: " ", count: width - cells[0].count)
      let figures = cells[1...].map { String(repeating: " ", count: 11 - $0.count) + $0 }
      return mark + " " + ([name] + figures).joined()
    }
    return [line(" ", ["stage", "cosine", "largest", "SQNR, dB"])]
      + rows.map { row in
        let cosine = row.worstCosine.map { BoundedFigure.text($0, digits: 7) } ?? "–"
        let largest = row.maximumAbsolute.map(\.scientific) ?? "–"
        return line(
          row.stage == stage ? "→" : " ", [row.stage, cosine, largest, row.decibels?.digits(1) ?? "exact"])
      }
  }
}

/// Lines of a report, the first after its label.
func labelled(_ label: String, _ lines: [String]) -> [String] {
  lines.enumerated().map { index, line in
    let start = index == 0 ? label : ""
    return start + String(repeating: " ", count: max(0, 12 - start.count)) + line
  }
}
