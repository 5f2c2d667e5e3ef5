import Architecture
import ArgumentParser
import BundleFormat
import MachinePeak
import PocketCLIP
import Verification

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a bundle on this machine, or several ways to run one model.",
    discussion: """
      Images are ready pixels of the model's own size and texts are ready ids: what is timed is the model alone, without decoding and resizing. Each row is run for --seconds, at least three times; milliseconds are medians, `least` is the quickest run. On a busy machine trust `least`, and run again.

      The share of peak sets the model's operations, as the original code would do them, beside what the widest multiply-add of this machine gives in a loop of nothing else, measured on the spot with as many threads. Captions have no share: their padding is not computed.

      --compare takes the bundles of one model, int8 ones both `exact` and `fast`, FP16 ones also `bf16` where the processor has it, and times them in turns. It adds the worst cosine to the most faithful of them on the built-in images and texts, and names the one to take: the fastest that keeps a cosine of \(fixed(Recommendation.leastCosine, 3)).

      A warning says where this machine multiplies BF16 slower than FP32, so that `bf16` is no gain.

      Example: pocketclip bench b32.pclip
               pocketclip bench b32.pclip --threads 1
               pocketclip bench --compare b32-fp16.pclip b32-int8.pclip
      """)

  @Argument(help: ArgumentHelp("A bundle; with --compare, all bundles of one model.", valueName: "bundle"))
  var paths: [String]

  @Flag(help: "Set bundles and arithmetics side by side, with their fidelity, and name the one to take.")
  var compare = false

  @Option(help: "How long each row is run.")
  var seconds = 1.0

  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var options: ConsoleOptions

  private func check() throws(Failure) {
    guard compare || paths.count == 1 else {
      throw Failure(
        .usage, "\(paths.count) bundles without --compare", hint: "give one bundle, or add --compare")
    }
    guard !(compare && runtime.arithmetic != nil) else {
      throw Failure(
        .usage, "--compare runs every arithmetic, so that --arithmetic has no effect",
        hint: "leave out --arithmetic")
    }
    guard seconds > 0, seconds <= 3600 else {
      throw Failure(
        .usage, "--seconds \(seconds): expected more than 0, at most 3600", hint: "leave it out for 1 second")
    }
    try runtime.check()
  }

  func run() throws {
    try options.run { console in
      try check()
      let variants = try BenchVariant.all(paths, runtime.modelOptions, compares: compare)
      console.progress("this machine's peak")
      let threads = variants[0].information.threads
      let before = PeakRate(threads: threads)
      let cases = BenchCase.all(of: variants[0].description.architecture)
      let runner = BenchRunner(variants: variants, seconds: seconds)
      var times: [[BenchTimes]] = []
      for test in cases {
        console.progress("\(test.input.rawValue), batch \(test.batch)")
        times.append(try runner.times(test))
      }
      let peak = before.best(with: PeakRate(threads: threads))
      console.progress("stages")
      var results: [BenchOutput.Variant] = []
      for (index, variant) in variants.enumerated() {
        var result = BenchOutput.Variant(variant)
        result.rows = zip(cases, times).map { BenchOutput.Row($0, $1[index], variant, peak) }
        result.stages = try Self.stages(of: variant)
        results.append(result)
      }
      if compare { try Self.addFidelity(to: &results, variants) }
      console.progress(nil)
      var output = BenchOutput(peak, variants[0].information, results)
      output.warnings = Self.warnings(variants)
      for warning in output.warnings { console.warn(warning) }
      if compare { output.recommendation = Recommendation(among: results) }
      if options.json {
        try JSONOutput.print(output)
      } else {
        try console.print(BenchTable(output, variants[0].description.architecture).lines)
      }
    }
  }

  /// Measured on one thread: whatever else runs on the machine rarely slows every round of a single one.
  private static func warnings(_ variants: [BenchVariant]) -> [String] {
    guard variants.contains(where: { $0.arithmetic == .bf16 }) else { return [] }
    return PeakRate(threads: 1).bf16Warning.map { [$0] } ?? []
  }

  private static let stageRounds = 10

  private static func stages(of variant: BenchVariant) throws(Failure) -> [BenchOutput.Stage] {
    let architecture = variant.description.architecture
    let session = try variant.bundle.session(batch: 1)
    let parts: [StageTimes.Part]
    do throws(PocketCLIPError) {
      parts = try StageTimes(
        of: session, rounds: stageRounds,
        pixels: architecture.image.map { BenchInputs.pixels(count: 1, size: $0.imageSize) },
        ids: architecture.text.map { BenchInputs.ids(item: 0, of: $0, isCaption: false) }
      ).parts
    } catch {
      throw Failure(error, file: variant.bundle.path)
    }
    return parts.map { part in
      let total = parts.filter { $0.tower == part.tower }.reduce(0) { $0 + $1.seconds }
      return BenchOutput.Stage(part, share: total > 0 ? part.seconds / total : 0)
    }
  }

  /// Beside the variant that rounds least; of equals, the one given first.
  private static func addFidelity(
    to results: inout [BenchOutput.Variant], _ variants: [BenchVariant]
  ) throws(Failure) {
    guard let truth = variants.indices.min(by: { variants[$0].roundingRank < variants[$1].roundingRank })
    else { return }
    let expected = try ProbeVectors(variants[truth])
    for index in variants.indices {
      let vectors = index == truth ? expected : try ProbeVectors(variants[index])
      let fidelity = BenchFidelity(vectors, against: expected)
      results[index].isTruth = index == truth
      results[index].worstImageCosine = fidelity.image
      results[index].worstTextCosine = fidelity.text
    }
  }
}
