import Architecture
import Archives

/// The report that `bench` prints without `--json`.
struct BenchTable {
  let output: BenchOutput
  let architecture: CLIPArchitecture

  init(_ output: BenchOutput, _ architecture: CLIPArchitecture) {
    self.output = output
    self.architecture = architecture
  }

  var lines: [String] {
    let tables =
      output.variants.contains { $0.isTruth != nil }
      ? BenchComparison(output, architecture).lines : output.variants.flatMap(single)
    return head + [""] + tables + recommendation
  }

  private static let titleWidth = 30
  private static let stageWidth = 39

  private var head: [String] {
    ["\(architecture.words); \(counted(output.threads, "thread")), kernels \(output.instructionSet)"]
      + peak(
        "peak of this machine",
        [
          ("int8", output.peakInt8), ("int16", output.peakInt16), ("BF16", output.peakBf16),
          ("FP32", output.peakFp32),
        ])
      + (output.peakInt8WithoutAmx == nil
        ? []
        : peak(
          "  without AMX",
          [
            ("int8", output.peakInt8WithoutAmx), ("int16", output.peakInt16WithoutAmx),
            ("BF16", output.peakBf16WithoutAmx),
          ]))
  }

  private func peak(_ title: String, _ rates: [(name: String, rate: Double?)]) -> [String] {
    let known = rates.compactMap { name, rate in rate.map { "\(name) \(fixed($0 / 1e9, 0))" } }
    return ["\(title): " + (known.isEmpty ? "not known" : "\(known.joined(separator: ", ")) billion op/s")]
  }

  private func title(_ row: BenchOutput.Row) -> String {
    (BenchInput(rawValue: row.input)?.title(architecture) ?? row.input).padding(to: Self.titleWidth)
  }

  /// One bundle: a line per case, then the stages.
  private func single(_ variant: BenchOutput.Variant) -> [String] {
    let columns = ["batch", "ms/item", "least", "items/s", "of peak"].map { $0.leftPadding(to: 9) }.joined()
    let size = formattedBytes(Int(clamping: variant.fileByteCount))
    return ["\(variant.name), \(size)".padding(to: Self.titleWidth) + columns]
      + variant.rows.map { row in
        title(row)
          + [
            "\(row.batch)", benchMilliseconds(row.medianMilliseconds),
            benchMilliseconds(row.leastMilliseconds),
            fixed(row.itemsPerSecond, 1), benchPercent(row.shareOfPeak),
          ].map { $0.leftPadding(to: 9) }.joined()
      } + [""] + stages(variant)
  }

  private func stages(_ variant: BenchOutput.Variant) -> [String] {
    [
      "time of one item by stage".padding(to: Self.stageWidth) + "ms".leftPadding(to: 9)
        + "share".leftPadding(to: 9)
    ]
      + variant.stages.map { stage in
        let name = "  \(stage.tower): \(stage.name)" + (stage.count > 1 ? " (\(stage.count))" : "")
        return name.padding(to: Self.stageWidth) + benchMilliseconds(stage.milliseconds).leftPadding(to: 9)
          + benchPercent(stage.share).leftPadding(to: 9)
      }
  }

  private var recommendation: [String] {
    output.recommendation.map { best in
      ["", "take \(best.name): \(best.reason)"] + best.commands.map { "  \($0.unbroken)" }
    } ?? []
  }
}

func benchMilliseconds(_ value: Double) -> String { fixed(value, value < 1 ? 3 : 2) }

func benchPercent(_ share: Double?) -> String { share.map { "\(fixed($0 * 100, 0)) %" } ?? "–" }
