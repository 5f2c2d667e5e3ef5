import Architecture
import Archives

/// What `bench` prints for people.
struct BenchTable {
  let output: BenchOutput
  let architecture: CLIPArchitecture

  init(_ output: BenchOutput, _ architecture: CLIPArchitecture) {
    self.output = output
    self.architecture = architecture
  }

  var lines: [String] {
    head + [""] + (output.variants.count > 1 ? comparison : output.variants.flatMap(single)) + recommendation
  }

  private static let titleWidth = 30

  private var head: [String] {
    let models = output.variants.first.map { "\($0.model) · \($0.towers.joined(separator: " + ")) · " } ?? ""
    let rates = [("int8", output.peakInt8), ("BF16", output.peakBf16), ("FP32", output.peakFp32)].compactMap {
      name, rate in
      rate.map { "\(name) \(fixed($0 / 1e9, 0)) billion operations a second" }
    }
    return [
      "\(models)\(counted(output.threads, "thread")), kernels \(output.instructionSet)",
      "peak of this machine, measured now: \(rates.isEmpty ? "not known here" : rates.joined(separator: ", "))",
    ]
  }

  private func title(_ row: BenchOutput.Row) -> String {
    (BenchInput(rawValue: row.input)?.title(architecture) ?? row.input).padding(to: Self.titleWidth)
  }

  /// One bundle: a line per case, then the stages.
  private func single(_ variant: BenchOutput.Variant) -> [String] {
    let columns = ["batch", "ms/item", "least", "items/s", "of peak"].map { $0.leftPadding(to: 9) }.joined()
    return [
      "\(variant.name), \(formattedBytes(Int(clamping: variant.fileByteCount)))".padding(to: 30) + columns
    ]
      + variant.rows.map { row in
        title(row)
          + [
            "\(row.batch)", Self.milliseconds(row.medianMilliseconds),
            Self.milliseconds(row.leastMilliseconds),
            fixed(row.itemsPerSecond, 1), Self.percent(row.shareOfPeak),
          ].map { $0.leftPadding(to: 9) }.joined()
      } + [""] + stages(variant)
  }

  private func stages(_ variant: BenchOutput.Variant) -> [String] {
    ["where the time of one item goes".padding(to: 39) + "ms".leftPadding(to: 9) + "share".leftPadding(to: 9)]
      + variant.stages.map { stage in
        let name = "  \(stage.tower): \(stage.name)" + (stage.count > 1 ? " (\(stage.count))" : "")
        return name.padding(to: 39) + Self.milliseconds(stage.milliseconds).leftPadding(to: 9)
          + Self.percent(stage.share).leftPadding(to: 9)
      }
  }

  /// Several: a column per variant.
  private var comparison: [String] {
    let width = max(12, (output.variants.map(\.name.count).max() ?? 0) + 2)
    func line(_ title: String, _ cell: (BenchOutput.Variant) -> String) -> String {
      title.padding(to: 39) + output.variants.map { cell($0).leftPadding(to: width) }.joined()
    }
    var lines = [line("ms per item, share of peak") { $0.name }]
    for (index, row) in (output.variants.first?.rows ?? []).enumerated() {
      lines.append(
        line("\(title(row)) × \(row.batch)") { variant in
          let row = variant.rows[index]
          return Self.milliseconds(row.medianMilliseconds) + Self.percent(row.shareOfPeak).leftPadding(to: 6)
        })
    }
    lines.append(line("file") { formattedBytes(Int(clamping: $0.fileByteCount)) })
    for tower in [\BenchOutput.Variant.worstImageCosine, \.worstTextCosine]
    where output.variants.contains(where: { $0[keyPath: tower] != nil }) {
      let name = tower == \.worstImageCosine ? "images" : "texts"
      lines.append(
        line("worst cosine, \(name)") { variant in
          variant.isTruth == true ? "truth" : variant[keyPath: tower].map { fixed($0, 6) } ?? "–"
        })
    }
    return lines
  }

  private var recommendation: [String] {
    output.recommendation.map { ["", "take \($0.name): \($0.reason)"] } ?? []
  }

  private static func milliseconds(_ value: Double) -> String { fixed(value, value < 1 ? 3 : 2) }

  private static func percent(_ share: Double?) -> String { share.map { "\(fixed($0 * 100, 0)) %" } ?? "–" }
}
