import Architecture
import Archives
import ArgumentParser
import BundleFormat
import Checkpoints
import Conversion
import Models
import PocketCLIP
import Synchronization
import TensorTypes
import Verification

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Convert a checkpoint to a bundle. The bundle is measured against the FP32 model and saved only if it is close enough.",
    discussion: """
      Reads \(CheckpointFormat.readableNames).

      Weights do not record everything: activation, attention heads and preprocessing come from metadata in the file, a configuration next to it, or an option. They are never guessed. If settings are missing, one error lists them all with the options that set them.

      Example: pocketclip convert ViT-B-32.pt -o b32.pclip --precision int8
               pocketclip convert epoch_32.pt -o b.pclip \\
                 --architecture ViT-B-32 --preprocess openai
               pocketclip convert ./clip-folder -o text.pclip --tower text
               pocketclip convert vision.gguf text.gguf -o both.pclip
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint file or folder, a bundle, or org/name in the Hugging Face cache. Two files if each holds one tower. synthetic:ViT-B-32 generates weights.",
      valueName: "in"))
  var paths: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The bundle to write. Its name is used unchanged.", valueName: "out"))
  var output: String

  @Option(help: ArgumentHelp("How to store weights. Default: fp16.", valueName: "type"))
  var precision: PrecisionChoice?

  @OptionGroup(title: "Rounding of int8 weights (docs/QUANTIZATION.md)") var rounding: RoundingOptions
  @OptionGroup(title: "Forms of the matrices of int8 bundles") var forms: FormOptions

  @Flag(help: "Replace the output file if it exists.")
  var force = false

  @Option(
    help: ArgumentHelp(
      "Smallest cosine to the FP32 model to accept for any image or text. Default: by precision and kind of tower (docs/fidelity.md).",
      valueName: "cosine"))
  var minCosine: Double?

  @Option(
    help: ArgumentHelp(
      "Smallest fraction of the built-in images that must choose the same text as with FP32, from 0 to 1.",
      valueName: "fraction"))
  var minAgreement: Double?

  @Flag(help: "Save the bundle without measuring it; the bundle records that.")
  var noMeasure = false

  @Option(help: ThreadHelp.text)
  var threads: Int?

  @OptionGroup var reference: ReferenceOptions
  @OptionGroup(title: "Settings to supply when the file does not record them") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  enum PrecisionChoice: String, ExpressibleByArgument, CaseIterable {
    case fp32, fp16, int8

    var precision: Precision {
      switch self {
      case .fp32: .fp32
      case .fp16: .fp16
      case .int8: .int8
      }
    }
  }

  private func check() throws(Failure) {
    try OutputPath.validate(output, .bundle, "name a file")
    try RuntimeOptions.checkThreads(threads)
    guard !noMeasure || minCosine == nil && minAgreement == nil && reference.reference == nil else {
      throw Failure(
        .usage, "--no-measure excludes --min-cosine, --min-agreement and --reference",
        hint: "leave out --no-measure, or the others")
    }
    let type = precision?.precision ?? .fp16
    try rounding.check(precision: type, isMeasured: !noMeasure, hasRecipe: forms.recipe != nil)
    try forms.check(precision: type, effort: rounding.effort)
    try forms.checkRecipes(output: output, replacesExisting: force, sources: paths)
    for (name, value) in [("--min-cosine", minCosine), ("--min-agreement", minAgreement)] {
      try FractionOption.check(name, value)
    }
  }

  func run() throws {
    try options.run { console in
      try check()
      let tower = input.tower.tower
      let model = try input.completeModel(paths, console)
      if let note = Self.note(onRounded: model) { console.note(note) }
      if precision == nil { console.note("note: --precision not given: fp16") }
      var request = ConversionRequest(model: model, output: output, tool: "pocketclip \(runtimeVersion)")
      request.precision = precision?.precision ?? .fp16
      request.tower = tower
      request.replacesExisting = force
      request.threads = threads ?? 0
      request.fidelity = noMeasure ? nil : fidelity(of: request.precision, model.architecture, tower)
      request.reference = reference.request(console)
      request.progress = console.progress
      try rounding.apply(to: &request, console)
      try forms.apply(to: &request)
      let writingPeak = Mutex<Int?>(nil)
      request.onWritten = {
        writingPeak.withLock { $0 = ProcessFacts.peakByteCount }
      }
      let bundle = try Conversion.run(request)
      if let file = forms.savedRecipe(replacesExisting: force), let recipe = bundle.recipe {
        try file.write(RecipeFile.bytes(recipe))
      }
      var result = ConvertOutput(bundle, model: model, output: output)
      result.writingPeakByteCount = writingPeak.withLock { $0 }
      if options.json {
        try JSONOutput.print(result)
      } else {
        try console.print(result.lines(bundle.description))
      }
    }
  }
}

extension Convert {
  /// Weights that a bundle rounded stay rounded, and the conversion is measured against them.
  private static func note(onRounded model: CLIPModel) -> String? {
    guard model.source.format == CheckpointFormat.bundle.identifier, model.holdsInt8 else { return nil }
    return
      "note: \(model.source.fileName) holds int8 weights; cosines compare with these, not with the original weights"
  }

  private func fidelity(
    of precision: Precision, _ architecture: CLIPArchitecture, _ tower: Tower?
  ) -> FidelityPolicy {
    FidelityPolicy(
      precision: precision,
      architecture: tower == .text ? architecture.keeping(image: false, text: true) : architecture,
      minimumCosine: minCosine, minimumAgreement: minAgreement)
  }
}

struct ConvertOutput: SchemaOutput {
  static let schema = "convert"
  var output, model, bundleId: String
  var spaceId: SpaceID
  var byteCount, sourceByteCount: Int
  /// Nil for generated weights.
  var source: FileIdentity?
  /// The peak during writing. Measuring then maps the complete bundle.
  var writingPeakByteCount: Int?
  var peakByteCount = ProcessFacts.peakByteCount
  var seconds: Seconds
  /// How int8 weights were rounded; nil for rounding to nearest.
  var rounding: RoundingRow?
  /// The form of each matrix of an int8 bundle.
  var matrices: [MatrixRow]?
  /// Figures against the FP32 reference, one per arithmetic.
  var fidelity: [Report]
  /// Settings that neither the checkpoint nor a configuration states. The reference uses them too, so no figure shows a
  /// wrong one.
  var settings: [DecisionRow]

  struct Seconds: Encodable {
    var writing, measuring, finishing: Double
  }

  init(_ bundle: ConvertedBundle, model: CLIPModel, output: String) {
    self.output = output
    self.model = model.name
    bundleId = String(decoding: bundle.bundleID.hex, as: UTF8.self)
    spaceId = bundle.description.spaceID
    byteCount = bundle.byteCount
    source = bundle.description.provenance.sha256.map {
      FileIdentity(sha256: String(decoding: $0.hex, as: UTF8.self))
    }
    sourceByteCount = model.source.byteCount
    fidelity = bundle.reports
    rounding = bundle.rounding.map(RoundingRow.init)
    matrices = bundle.recipe.map { $0.matrices.map(MatrixRow.init) }
    let architecture = bundle.description.architecture
    settings =
      model.decisions.filter { $0.isOfUserOrLibrary && $0.isPart(of: architecture) }.map(DecisionRow.init)
    seconds = Seconds(
      writing: bundle.writing.seconds, measuring: bundle.measuring.seconds,
      finishing: bundle.finishing.seconds)
  }

  /// The same for people.
  func lines(_ bundle: BundleDescription) -> [String] {
    let precision = bundle.architecture.image == nil ? bundle.textPrecision : bundle.imagePrecision
    let from = sourceByteCount > 0 ? " from \(formattedBytes(sourceByteCount))" : ""
    let isMeasured = !fidelity.isEmpty
    return [
      "\(output.unbroken): \(bundle.architecture.words), \(precision.fieldValue), \(formattedBytes(byteCount))\(from)"
    ] + (source.map { ["  source        \($0.words)"] } ?? []) + [
      "  time          \(fixed(seconds.writing, 2)) s to write, "
        + (isMeasured ? "\(fixed(seconds.measuring, 2)) s to measure, " : "")
        + "\(fixed(seconds.finishing, 2)) s to save",
      "  memory        \(memory(writingPeakByteCount)) to write"
        + (isMeasured ? ", \(memory(peakByteCount)) to measure" : ""),
    ] + (isMeasured ? fidelity.flatMap(\.summaryLines) : ["  fidelity      not measured (--no-measure)"])
      + roundingLines + settingLines + ["  space         \(spaceId.short)"]
  }
}

extension ConvertOutput {
  private var roundingLines: [String] {
    let forms = matrices.map { $0.summaryLines } ?? []
    guard let rounding else { return forms }
    return forms + [
      "  rounding      calibrated on \(counted(rounding.images, "image")) and \(counted(rounding.texts, "text")) "
        + "(\(rounding.set)), \(fixed(rounding.seconds, 1)) s to choose"
    ]
  }

  /// One line for each option and each default, with the values that it sets.
  private var settingLines: [String] {
    guard !settings.isEmpty else {
      return ["  settings      all recorded in the checkpoint or in its configuration"]
    }
    return [
      "  settings      from options or a library's defaults"
        + (fidelity.isEmpty ? ":" : "; the reference uses them too, so no cosine shows a wrong one:")
    ]
      + settings.grouped.map { group in
        "                \(group.values.joined(separator: ", ")) (\(group.source): \(group.detail))"
      }
  }
}

extension Decision {
  /// A bundle with one tower uses no setting of the other tower.
  fileprivate func isPart(of architecture: CLIPArchitecture) -> Bool {
    let isOfTexts = field.hasPrefix("text.") || field == "tokenizer"
    return isOfTexts ? architecture.text != nil : architecture.image != nil
  }

  fileprivate var isOfUserOrLibrary: Bool {
    switch source {
    case .option, .libraryDefault: true
    case .evidence, .configuration, .fingerprint, .tensors: false
    }
  }
}

extension CLIPModel {
  fileprivate var holdsInt8: Bool { schema.parameters.contains { storedType(of: $0) == .i8 } }
}

private func memory(_ peak: Int?) -> String { peak.map(formattedBytes) ?? "unknown" }

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension Report {
  /// `  int8 fast     image: worst cosine 0.999892 (at least 0.9998), mean 0.999944`, and so on below it.
  var summaryLines: [String] {
    let towers = [("image", image, thresholds.image), ("text", text, thresholds.text)].compactMap {
      name, report, bounds in
      report.map { "\(name): \($0.metrics.cosineText(digits: 6, bounds))" }
    }
    let agreement = agreement.map {
      ["\($0.agreeing) of \(counted($0.images, "image")) choose the same text"]
    }
    return (towers + (agreement ?? [])).enumerated().map { index, text in
      "  \((index == 0 ? arithmeticName : "").padding(to: 13)) \(text)"
    }
  }

  /// `int8 fast`, also for bounds that the user gave.
  fileprivate var arithmeticName: String {
    thresholds.name.split(separator: ", ").first.map(String.init) ?? ""
  }
}

extension [Report] {
  /// Every bound that was missed: `int8 fast, image: worst cosine 0.9993 is below 0.9998; int8 exact, image: …`. What all
  /// arithmetics share, such as a damaged weight, is stated once.
  var missedBounds: [String] {
    let shared =
      first?.reasons.filter { reason in count > 1 && allSatisfy { $0.reasons.contains(reason) } } ?? []
    let own = flatMap { report in
      report.reasons.filter { !shared.contains($0) }.map { "\(report.arithmeticName), \($0)" }
    }
    return shared + own
  }
}
