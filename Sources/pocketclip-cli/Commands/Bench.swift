import Architecture
import ArgumentParser
import BundleFormat
import MachinePeak
import PocketCLIP
import Progress
import Verification

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a bundle runs on this machine, or compare several ways to run one model.",
    usage: "pocketclip bench [<options>] <bundle> ...",
    discussion: """
      Only the model is timed: images are already resized and texts are already token ids. Each row runs for --seconds and at least three times. ms/item is the median, `least` the fastest run; on a busy machine, trust `least`.

      `of peak` compares the operations that the runtime computes per second with the most that this machine can do with the same factors, AMX included. bench measures that between the rows. `exact` on int8 bundles multiplies 16-bit by 8-bit factors (int16). Captions have no share, since their length varies.

      --compare runs each bundle of one model in turns: int8 bundles with `exact` and `fast`, FP16 bundles with `bf16` too if the processor has it. It prints the worst cosine to the most accurate of them and recommends the fastest whose cosine is at least \(fixed(Recommendation.leastCosine, 3)).

      Example: pocketclip bench b32.pclip
               pocketclip bench b32.pclip --threads 1
               pocketclip bench --compare b32-fp16.pclip b32-int8.pclip
      """)

  @Argument(help: ArgumentHelp("A bundle. With --compare, all bundles of one model.", valueName: "bundle"))
  var paths: [String]

  @Flag(help: "Compare bundles and arithmetics in speed and accuracy, and recommend one.")
  var compare = false

  @Option(help: ArgumentHelp("How long to run each row, in seconds.", valueName: "number"))
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
        .usage, "--compare runs every arithmetic, so --arithmetic has no effect",
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
      console.progress.expect(steps: compare ? 4 : 3)
      defer { console.progress.end() }
      console.progress.begin("measuring this machine's peak", .milliseconds, of: 0)
      let threads = variants[0].information.threads
      var peak = PeakRate(threads: threads)
      let cases = BenchCase.all(of: variants[0].description.architecture)
      let runner = BenchRunner(variants: variants, seconds: seconds, progress: console.progress)
      console.progress.begin("timing", .milliseconds, of: cases.count * runner.leastMilliseconds)
      var times: [[BenchTimes]] = []
      for test in cases {
        times.append(try runner.times(test))
        // Measured throughout, so that rows and peak profit from the same quiet phases of the machine.
        peak = peak.best(with: PeakRate(threads: threads))
      }
      console.progress.begin(
        "timing stages", .operations,
        of: Self.stageRounds * variants.reduce(0) { $0 + $1.description.architecture.countedMultiplyAdds })
      var results: [BenchOutput.Variant] = []
      for (index, variant) in variants.enumerated() {
        var result = BenchOutput.Variant(variant)
        result.rows = zip(cases, times).map { BenchOutput.Row($0, $1[index], variant, peak) }
        result.stages = try Self.stages(of: variant, console.progress)
        results.append(result)
      }
      if compare { try Self.addFidelity(to: &results, variants, console.progress) }
      console.progress.end()
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

  /// Measured on one thread, because other load on the machine rarely slows every round of a single thread.
  private static func warnings(_ variants: [BenchVariant]) -> [String] {
    guard variants.contains(where: { $0.arithmetic == .bf16 }) else { return [] }
    let usesTiles = variants[0].information.instructionSet == "amx"
    return PeakRate(threads: 1).bf16Warning(usesTiles: usesTiles).map { [$0] } ?? []
  }

  private static let stageRounds = 10

  private static func stages(
    of variant: BenchVariant, _ progress: WorkProgress
  ) throws(Failure) -> [BenchOutput.Stage] {
    let architecture = variant.description.architecture
    let session = try variant.bundle.session(batch: 1)
    let parts: [StageTimes.Part]
    do throws(PocketCLIPError) {
      parts = try StageTimes(
        of: session, rounds: stageRounds,
        pixels: architecture.image.map { BenchInputs.pixels(count: 1, size: $0.imageSize) },
        ids: architecture.text.map { BenchInputs.ids(item: 0, of: $0, isCaption: false) },
        architecture, progress
      ).parts
    } catch {
      throw Failure(error, file: variant.bundle.path)
    }
    return parts.map { part in
      let total = parts.filter { $0.tower == part.tower }.reduce(0) { $0 + $1.seconds }
      return BenchOutput.Stage(part, share: total > 0 ? part.seconds / total : 0)
    }
  }

  /// Compared with the variant that rounds least; if several do, with the first one given.
  private static func addFidelity(
    to results: inout [BenchOutput.Variant], _ variants: [BenchVariant], _ progress: WorkProgress
  ) throws(Failure) {
    guard let truth = variants.indices.min(by: { variants[$0].roundingRank < variants[$1].roundingRank })
    else { return }
    progress.begin(
      "comparing embeddings", .operations,
      of: variants.reduce(0) { $0 + ProbeVectors.countedMultiplyAdds($1) })
    let expected = try ProbeVectors(variants[truth], progress)
    for index in variants.indices {
      let vectors = index == truth ? expected : try ProbeVectors(variants[index], progress)
      let fidelity = BenchFidelity(vectors, against: expected)
      results[index].isTruth = index == truth
      results[index].worstImageCosine = fidelity.image
      results[index].worstTextCosine = fidelity.text
    }
  }
}
