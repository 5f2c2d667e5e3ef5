import Architecture
import Verification

/// Several bundles or arithmetics, one line each: times, shares of the machine's peak, size and fidelity.
struct BenchComparison {
  private let variants: [BenchOutput.Variant]
  private let cases: [BenchCase]
  private let architecture: CLIPArchitecture

  init(_ variants: [BenchOutput.Variant], _ architecture: CLIPArchitecture) {
    self.variants = variants
    self.architecture = architecture
    cases = BenchCase.all(of: architecture)
  }

  private static let cellWidth = 9
  private static let nameWidth = 26
  private static let wideCellWidth = 16

  var lines: [String] {
    head("ms per item") + table { row in benchMilliseconds(row.medianMilliseconds) } + [""]
      + head("share of peak") + table { row in benchPercent(row.shareOfPeak) } + [""] + fidelity
  }

  /// The titles of the columns: each is an input and a batch size.
  private func head(_ title: String) -> [String] {
    let inputs = cases.map { test in test.batch == BenchCase.batches[0] ? test.input.rawValue : "" }
    return [
      line("", inputs, Self.cellWidth), line(title, cases.map { "batch \($0.batch)" }, Self.cellWidth),
    ]
  }

  private func table(_ cell: (BenchOutput.Row) -> String) -> [String] {
    variants.flatMap { named($0, $0.rows.map(cell), Self.cellWidth) }
  }

  private var fidelity: [String] {
    [line("size, worst cosine", ["file", "images", "texts"], Self.wideCellWidth)]
      + variants.flatMap { variant in
        named(
          variant,
          [
            formattedBytes(Int(clamping: variant.fileByteCount)), cosine(variant, variant.worstImageCosine),
            cosine(variant, variant.worstTextCosine),
          ], Self.wideCellWidth)
      }
  }

  private func cosine(_ variant: BenchOutput.Variant, _ value: Double?) -> String {
    guard let value else { return "–" }
    guard variant.isTruth != true else { return "reference" }
    return BoundedFigure.text(value, digits: 6, atLeast: Recommendation.leastCosine)
  }

  /// A long name gets its own line.
  private func named(_ variant: BenchOutput.Variant, _ cells: [String], _ width: Int) -> [String] {
    guard variant.name.count > Self.nameWidth else { return [line(variant.name, cells, width)] }
    return [variant.name.unbroken, line("", cells, width)]
  }

  private func line(_ title: String, _ cells: [String], _ width: Int) -> String {
    var line = title.padding(to: Self.nameWidth) + cells.map { $0.leftPadding(to: width) }.joined()
    while line.last == " " { line.removeLast() }
    return line
  }
}
