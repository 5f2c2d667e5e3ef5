import Architecture
import ArgumentParser
import ModelDiff
import Models
import Progress
import SystemPath
import Verification

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how two models differ, and which tensors move the embeddings.",
    discussion: """
      Each of A and B is a checkpoint, an export or a bundle, in any format that `convert` reads.

      Compares settings, every tensor by its canonical name, and the embeddings of built-in images and texts. If embeddings differ, it puts settings, blocks and tensors of A into B and measures which of them change B's embeddings. docs/DIFF.md explains the report.

      Both models run in the FP32 reference, int8 bundles with dequantized weights. `verify` measures a bundle's own arithmetic.

      The exit status is 0 if weights and settings are the same, 1 if they differ. Weights that are equal after rounding to the narrower stored type are the same, and so are those of a bundle and its source.

      Example: pocketclip diff ViT-B-32.pt clip-vit-base-patch32
               pocketclip diff epoch_1.pt epoch_2.pt --architecture ViT-B-32 \\
                 --preprocess openai
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint file or folder, a bundle, or org/name in the Hugging Face cache. synthetic:ViT-B-32 generates weights.",
      valueName: "a"))
  var a: String

  @Argument(help: ArgumentHelp("What to compare it with.", valueName: "b"))
  var b: String

  @Flag(help: "Compare weights and settings, not embeddings.")
  var weightsOnly = false

  @Option(
    help: ArgumentHelp(
      "Whether to search the tensors that move the embeddings. auto: if cosines fall below 0.99999 for another reason than a bundle's rounding.",
      valueName: "when"))
  var bisect = Bisect.auto

  @Option(
    help: ArgumentHelp(
      "Most forward passes to search with, for each tower. Default: 32 to 400, by the size of the tower.",
      valueName: "number"))
  var passes: Int?

  @OptionGroup var reference: ReferenceOptions
  @OptionGroup(title: "Settings to supply when the files do not record them; they apply to both")
  var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  enum Bisect: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never

    var bisecting: DiffRequest.Bisecting {
      switch self {
      case .auto: .automatic
      case .always: .always
      case .never: .never
      }
    }
  }

  /// A search needs a pass for a part, and some for the smallest set.
  private static let fewestPasses = 16

  private func check() throws(Failure) {
    if let passes, passes < Self.fewestPasses {
      throw Failure(
        .usage, "--passes \(passes): expected \(Self.fewestPasses) or more",
        hint: "leave it out, or give --bisect never to search nothing")
    }
    let searches = passes != nil || bisect != .auto || reference.reference != nil
    guard !weightsOnly || !searches else {
      throw Failure(
        .usage, "--bisect, --passes and --reference have no effect with --weights-only",
        hint: "leave --weights-only out, or the other option")
    }
  }

  func run() throws {
    try options.run { console in
      try check()
      let started = ContinuousClock.now
      defer { console.progress.end() }
      let pair = try ModelPair(a, b, try input.modelOptions(), console)
      var request = DiffRequest(pair.a, pair.b)
      request.comparesEmbeddings = !weightsOnly
      request.bisecting = bisect.bisecting
      request.mostPasses = passes
      request.reference = reference.request(console)
      request.progress = console.progress
      let report = try request.report()
      var output = DiffOutput(report, DiffOutput.Side(a, pair.a), DiffOutput.Side(b, pair.b))
      output.incompleteSide = pair.incomplete
      output.seconds = started.duration(to: .now).seconds
      console.progress.end()
      if options.json {
        try JSONOutput.print(output)
      } else {
        try console.print(output.lines)
      }
      guard report.verdict != .different else { throw ExitStatus.answerIsNo.exitCode }
    }
  }
}

/// Two models, each opened with the settings that the other records, where it records none.
private struct ModelPair {
  var a, b: CLIPModel
  /// The side that lacks settings, which the other side's replace.
  private(set) var incomplete: DiffOutput.SideName?

  init(_ a: String, _ b: String, _ options: ModelOptions, _ console: Console) throws {
    if let one = SystemPath.realPath(a), one == SystemPath.realPath(b) {
      console.note("note: both are \(one)")
    }
    let first = try Self.opened(a, options)
    let second = try Self.opened(b, options)
    switch (first, second) {
    case (.success(let first), .success(let second)): (self.a, self.b) = (first, second)
    case (.success(let first), .failure):
      self.a = first
      incomplete = .b
      self.b = try Self.open(b, options, with: first, from: a, console)
    case (.failure, .success(let second)):
      self.b = second
      incomplete = .a
      self.a = try Self.open(a, options, with: second, from: b, console)
    case (.failure(let error), .failure): throw error
    }
    for (path, model) in [(a, self.a), (b, self.b)] {
      for note in model.notes { console.note("note: \(path): \(note)") }
      // A comparison with damaged weights is meaningless.
      console.progress.begin("checking \(model.source.fileName)", .bytes, of: model.source.checkedByteCount)
      try model.source.checkChecksums(console.progress)
    }
  }

  /// A failure only if settings are missing.
  private static func opened(
    _ path: String, _ options: ModelOptions
  ) throws(ModelError) -> Result<CLIPModel, ModelError> {
    do throws(ModelError) {
      return .success(try CLIPModel.open(path, options: own(path, options)))
    } catch {
      guard error.code.isUndecided else { throw error }
      return .failure(error)
    }
  }

  private static func open(
    _ path: String, _ options: ModelOptions, with other: CLIPModel, from otherPath: String, _ console: Console
  ) throws(ModelError) -> CLIPModel {
    let filled = options.filled(
      from: other.architecture, other.architecture.image == nil ? nil : other.preprocessing)
    let model = try CLIPModel.open(path, options: filled)
    console.note("note: settings that \(path) does not record come from \(otherPath)")
    return model
  }

  /// A bundle and synthetic weights record every setting, so that only the tower applies to them.
  private static func own(_ path: String, _ options: ModelOptions) -> ModelOptions {
    guard CLIPModel.isSynthetic(path) || OpenBundle.isBundle(path) else { return options }
    var own = ModelOptions()
    own.tower = options.tower
    return own
  }
}
