import Architecture
import Verification

/// Several bundles or arithmetics, one line each: times, shares of the machine's peak, then what decides between them.
struct BenchComparison {
  private let variants: [BenchOutput.Variant]
  private let recommended: Recommendation?
  private let cases: [BenchCase]
  private let architecture: CLIPArchitecture

  init(_ output: BenchOutput, _ architecture: CLIPArchitecture) {
    variants = output.variants
    recommended = output.recommendation
    self.architecture = architecture
    cases = BenchCase.all(of: architecture)
  }

  private static let cellWidth = 9
  private static let nameWidth = 26
  private static let summaryNameWidth = 24
  private static let summaryWidths = [7, 8, 10, 10]
  private static let agreementWidth = 20

  var lines: [String] {
    head("ms per item") + table { row in benchMilliseconds(row.medianMilliseconds) } + [""]
      + head("share of peak") + table { row in benchPercent(row.shareOfPeak) } + [""] + summary
  }

  /// The titles of the columns: each is an input and a batch size.
  private func head(_ title: String) -> [String] {
    let inputs = cases.map { test in test.batch == BenchCase.batches[0] ? test.input.rawValue : "" }
    return [
      line("", inputs), line(title, cases.map { "batch \($0.batch)" }),
    ]
  }

  private func table(_ cell: (BenchOutput.Row) -> String) -> [String] {
    variants.flatMap { named($0.name, $0.rows.map(cell)) }
  }

  /// Size, time of one item, worst cosines and agreement; a star marks the recommended line.
  private var summary: [String] {
    let item = architecture.image == nil ? "text" : "image"
    return [
      summaryLine("", ["", "ms per", "images:", "texts:"], textCount == nil ? "" : "same label"),
      summaryLine("summary", ["MB", item, "worst cos", "worst cos"], textCount.map { "of \($0), %" } ?? ""),
    ] + variants.flatMap(summary)
  }

  private var textCount: Int? { variants.compactMap(\.agreement?.texts).first }

  private func summary(_ variant: BenchOutput.Variant) -> [String] {
    let isBest = variant.name == recommended?.name
    let cells = [
      fixed(Double(variant.fileByteCount) / 1e6, 1), benchMilliseconds(variant.milliseconds),
      cosine(variant, variant.worstImageCosine), cosine(variant, variant.worstTextCosine),
    ]
    let agreement = variant.isTruth == true ? "reference" : variant.agreement?.percentages ?? "–"
    let name = (isBest ? "* " : "  ") + variant.name
    guard name.count > Self.summaryNameWidth else { return [summaryLine(name, cells, agreement)] }
    return [name.unbroken, summaryLine("", cells, agreement)]
  }

  private func summaryLine(_ title: String, _ cells: [String], _ agreement: String) -> String {
    title.padding(to: Self.summaryNameWidth)
      + zip(cells, Self.summaryWidths).map { $0.leftPadding(to: $1) }.joined() + " "
      + agreement.leftPadding(to: Self.agreementWidth)
  }

  private func cosine(_ variant: BenchOutput.Variant, _ value: Double?) -> String {
    guard let value, variant.isTruth != true else { return "–" }
    return BoundedFigure.text(value, digits: 6, atLeast: Recommendation.leastCosine)
  }

  /// A long name gets its own line.
  private func named(_ name: String, _ cells: [String]) -> [String] {
    guard name.count > Self.nameWidth else { return [line(name, cells)] }
    return [name.unbroken, line("", cells)]
  }

  private func line(_ title: String, _ cells: [String]) -> String {
    var line = title.padding(to: Self.nameWidth) + cells.map { $0.leftPadding(to: Self.cellWidth) }.joined()
    while line.last == " " { line.removeLast() }
    return line
  }
}
