import Archives
import Diagnosis

extension DiagnoseOutput {
  /// The text report.
  var lines: [String] {
    var lines = [
      "\(embeddings.unbroken): \(rows) × \(width), \(storedType)",
      "\(model.unbroken): \(modelName), on \(counted(compared, "row"))",
    ]
    if let before {
      lines.append(
        "cosine to the right vectors: worst \(cosine(before.worstCosine)), mean \(cosine(before.meanCosine)); \(right) of \(compared) rows are right"
      )
    }
    lines += ["", headline]
    for cause in causes { lines += block(cause) }
    if let form, verdict == .right || verdict == .explained { lines.append("  The vectors are \(form).") }
    if !alternatives.isEmpty {
      let names = alternatives.prefix(4).map { $0.map(\.id).joined(separator: " + ") }
      lines.append(
        "  equally good on these inputs: \(names.joined(separator: ", ")). More varied inputs would distinguish them."
      )
    }
    lines += places + table
    if let similarityCorrelation, right == 0 {
      lines.append(
        "similarities among the rows correlate \(fixed(similarityCorrelation, 3)) with the right ones (near 1: the same inputs in another space)"
      )
    }
    return lines + next.map { "next: \($0)" }
  }

  private var headline: String {
    switch verdict {
    case .right: "right: these are the model's vectors"
    case .explained:
      causes.count > 1 ? "explained: \(causes.count) causes together" : "explained: the other tool"
    case .partly: "explained in part: the cosine rises, but not to 1; something else differs too"
    case .insufficient: "insufficient: \(rows) of at least 3 rows; causes cannot be distinguished"
    case .unexplained:
      causes.isEmpty
        ? "not explained: no known mistake makes the vectors meet"
        : "not explained: no known mistake makes the vectors meet; most likely the other tool"
    }
  }

  private func block(_ cause: CauseOutput) -> [String] {
    [
      "  \(cause.words)", "    change  \(cause.remedy)", "    more    \(cause.page)",
    ]
  }

  /// Which rows are affected.
  private var places: [String] {
    var lines: [String] = []
    if !affected.isEmpty { lines.append("rows: \(list(affected))") }
    if let rowOrder {
      let moved = rowOrder.enumerated().filter { $0.offset + 1 != $0.element }
      let examples = moved.prefix(3).map { "input \($0.offset + 1) is in row \($0.element)" }
      lines.append("\(counted(moved.count, "input")) in another row: \(examples.joined(separator: ", "))")
    }
    if right > 0, !worst.isEmpty { lines.append("rows that differ most: \(list(worst))") }
    return lines
  }

  private func name(_ row: Row) -> String {
    inputs == .images ? Folder.lastComponent(of: row.input) : row.input
  }

  private func list(_ rows: [Row]) -> String {
    let shown = rows.prefix(3).map { "\($0.row) (\(name($0).shortened))" }.joined(
      separator: ", ")
    return rows.count > 3 ? "\(shown), and \(rows.count - 3) more" : shown
  }

  /// What was tried, best first.
  private var table: [String] {
    guard !tried.isEmpty else { return [] }
    let header = ["worst cosine".padding(to: 17), "mean cosine".padding(to: 17), "rows", "with"]
    return ["", header.joined(separator: "  ")]
      + tried.prefix(6).map { row in
        [
          arrow(row.before.worstCosine, row.after.worstCosine),
          arrow(row.before.meanCosine, row.after.meanCosine), "\(row.rows)".padding(to: 4),
          row.ids.joined(separator: " + ").unbroken,
        ].joined(separator: "  ")
      }
  }

  private func arrow(_ before: Double, _ after: Double) -> String {
    "\(cosine(before)) → \(cosine(after))".padding(to: 17)
  }

  /// Rounded down, so that only exact vectors show 1. Five digits.
  private func cosine(_ value: Double) -> String {
    fixed((value * 1e5 + 1e-4).rounded(.down) / 1e5, 5)
  }
}
