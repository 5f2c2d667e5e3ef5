import Architecture
import Archives
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

      --compare runs every way to use one model in turns: int8 bundles with `exact` and `fast`, FP16 bundles with `bf16` too if the processor has it. Given a checkpoint instead of bundles, it first makes FP16 and int8 bundles, nearest and calibrated, and mixed if calibrated misses a bound (minutes; they are not kept). The summary has sizes, the shortest time of one image, the worst cosines to the most accurate of them, and the share of images that choose the same label as with that one, with its interval of 95 %. A star marks the recommendation, with the commands to use it.

      Only what reaches --target is recommended, or a cosine of \(fixed(Recommendation.leastCosine, 3)) without it. Of these, the fastest. If the target limits the time, the most accurate instead; if it also limits the cosine, the smallest. Nearly equal times or sizes count as equal, and the most accurate wins. Status 1 if nothing reaches the target.

      Example: pocketclip bench b32.pclip
               pocketclip bench b32.pclip --threads 1
               pocketclip bench --compare b32-fp16.pclip b32-int8.pclip
               pocketclip bench --compare ViT-B-32.pt --image Photos/ \\
                 --target "cos>=0.999, ms<=40"
      """)

  @Argument(
    help: ArgumentHelp(
      "A bundle. With --compare, all bundles of one model, or a checkpoint as for convert.",
      valueName: "bundle"))
  var paths: [String]

  @Flag(help: "Compare bundles and arithmetics in speed and accuracy, and recommend one.")
  var compare = false

  @OptionGroup(title: "What --compare measures") var comparison: ComparisonOptions

  @Option(help: ArgumentHelp("How long to run each row, in seconds.", valueName: "number"))
  var seconds = 1.0

  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup(title: "Settings of a checkpoint that does not record them") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  private func check() throws(Failure) {
    guard compare || paths.count == 1 else {
      throw Failure(
        .usage, "\(paths.count) bundles without --compare", hint: "give one bundle, or add --compare")
    }
    if !compare, let option = comparison.given.first ?? input.commandLine.first?.name {
      throw Failure(
        .usage, "\(option) only applies to --compare", hint: "add --compare, or leave out \(option)")
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
    try comparison.check()
    try runtime.check()
  }

  func run() throws {
    try options.run { console in
      try check()
      defer { console.progress.end() }
      if compare {
        try runComparison(console)
      } else {
        let bundle = try OpenBundle.opened(paths[0], runtime.modelOptions)
        console.progress.expect(steps: 3)
        let variants = [BenchVariant(BenchBundle(bundle: bundle), bundle, namesFile: false)]
        try print(try measured(variants, console), variants, console)
      }
    }
  }

  private func runComparison(_ console: Console) throws {
    let target = try comparison.target.map(BenchTarget.init)
    let found = try comparison.sample.images(console)
    let texts = try comparison.sample.texts(console)
    let imageCount = found?.files.count ?? ProbeSet.standard.images.count
    let candidates = try candidates(console, target, imageCount)
    let variants = try BenchVariant.all(of: candidates, runtime.modelOptions)
    console.progress.expect(steps: 4)
    var output = try measured(variants, console)
    let sample = BenchSample(files: found?.files, texts: texts, limits: comparison.sample.size.limits)
    let truth = BenchVariant.mostFaithful(variants)
    let (fidelities, failures) = try sample.fidelities(of: variants, truth: truth, console)
    for (index, fidelity) in fidelities.enumerated() {
      output.variants[index].set(fidelity, isTruth: index == truth)
    }
    if let target {
      for index in variants.indices {
        output.variants[index].missed = target.missed(by: output.variants[index])
      }
    }
    let skipped = failures.map(\.message) + (found?.unreadable.map(\.failure.message) ?? [])
    if !skipped.isEmpty { output.skipped = skipped }
    output.recommendation = Recommendation(among: output.variants, target, comparison.sample)
    try print(output, variants, console)
    if target != nil, output.recommendation == nil { throw Self.noneReaches(output).followingOutput() }
    if var failure = failures.first ?? found?.unreadable.first?.failure {
      failure.message =
        "\(counted(failures.count + (found?.unreadable.count ?? 0), "image")) skipped; the first: \(failure.message)"
      failure.status = .someSkipped
      throw failure.followingOutput()
    }
  }

  /// Bundles as given, or made of a checkpoint: a file that is not a bundle.
  private func candidates(
    _ console: Console, _ target: BenchTarget?, _ imageCount: Int
  ) throws -> [BenchBundle] {
    guard paths.contains(where: OpenBundle.isBundle) else {
      let candidates = try BenchCandidates(paths, input, target: target, runtime.modelOptions, console)
      try comparison.requireUse(
        hasImages: candidates.architecture.image != nil, hasTexts: candidates.hasTexts,
        imageCount: imageCount, target)
      return try candidates.made()
    }
    if let other = paths.first(where: { !OpenBundle.isBundle($0) }),
      paths.contains(where: OpenBundle.isBundle)
    {
      throw Failure(
        .usage, "\(other) is not a bundle, but others are",
        hint: "give bundles, or one checkpoint, of which bench makes bundles itself")
    }
    if let option = input.commandLine.first?.name {
      throw Failure(
        .usage, "\(option) only applies to a checkpoint: bundles state their settings",
        hint: "leave out \(option)")
    }
    let bundles = try BenchVariant.opened(paths, runtime.modelOptions)
    let information = bundles[0].bundle.model.information
    try comparison.requireUse(
      hasImages: information.hasImage, hasTexts: information.hasText && information.hasTokenizer,
      imageCount: imageCount, target)
    return bundles
  }

  private static func noneReaches(_ output: BenchOutput) -> Failure {
    let misses = output.variants.map { "\($0.name): \(($0.missed ?? []).joined(separator: ", "))" }
    var failure = Failure(
      .answerIsNo, "no variant reaches the target: \(misses.joined(separator: "; "))",
      hint: "leave out or weaken what is missed")
    failure.shownLines = ["no variant reaches the target"] + misses
    return failure
  }

  /// Times, peaks and stages.
  private func measured(_ variants: [BenchVariant], _ console: Console) throws -> BenchOutput {
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
    var output = BenchOutput(peak, variants[0].information, results)
    output.warnings = Self.warnings(variants)
    return output
  }

  private func print(_ output: BenchOutput, _ variants: [BenchVariant], _ console: Console) throws {
    console.progress.end()
    for warning in output.warnings { console.warn(warning) }
    if options.json {
      try JSONOutput.print(output)
    } else {
      try console.print(BenchTable(output, variants[0].description.architecture).lines)
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
}
