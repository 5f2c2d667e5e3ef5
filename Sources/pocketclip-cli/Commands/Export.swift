import ArgumentParser
import BundleFormat
import Export
import Models

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Export a model for other tools: \(ExportTarget.all.map(\.name).joined(separator: ", ")).",
    discussion: """
      Accepts the same inputs as `convert`, including bundles. The targets:

      \(targets)

      fp32 keeps every bit. fp16 rounds matrices and the token table. int8 (ONNX only) quantizes them as int8 bundles do. docs/EXPORT.md lists what each target can record, and how close the other libraries' embeddings are.

      Example: pocketclip export ViT-B-32.pt --to huggingface -o clip-vit-b32
               pocketclip export b32.pclip --to onnx --precision fp16 -o b32-onnx
               pocketclip export vision.gguf text.gguf --to open-clip -o both
      """)

  /// A line for each.
  private static var targets: String {
    let width = ExportTarget.all.map(\.identifier.count).max() ?? 0
    return ExportTarget.all.flatMap { Layout.lines("  \($0.identifier.padding(to: width))   \($0.summary)") }
      .joined(separator: "\n")
  }

  @Argument(
    help: ArgumentHelp(
      "A checkpoint file or folder, a bundle, or org/name in the Hugging Face cache. Two files if each holds one tower. synthetic:ViT-B-32 generates weights.",
      valueName: "in"))
  var paths: [String]

  @Option(help: ArgumentHelp("What to write.", valueName: "target"))
  var to: Target

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file (safetensors) or folder to write.", valueName: "out"))
  var output: String

  @Option(help: ArgumentHelp("How to store weights; int8 for ONNX only.", valueName: "type"))
  var precision = Convert.PrecisionChoice.fp32

  @Flag(help: "Replace the output file, or the folder of an earlier export, if it exists.")
  var force = false

  @Option(help: ThreadHelp.text)
  var threads: Int?

  @OptionGroup(title: "Settings to supply when the file does not record them") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  /// A row of the table, by its identifier.
  struct Target: ExpressibleByArgument {
    let row: ExportTarget

    init?(argument: String) {
      guard let row = ExportTarget(identifier: argument) else { return nil }
      self.row = row
    }

    static let allValueStrings = ExportTarget.all.map(\.identifier)
  }

  private func check() throws(Failure) {
    try OutputPath.validate(
      output, to.row.isFolder ? .folder : .weights, "name a file or folder")
    try RuntimeOptions.checkThreads(threads)
  }

  func run() throws {
    try options.run { console in
      try check()
      let clock = ContinuousClock()
      let started = clock.now
      let model = try CLIPModel.open(paths, options: try input.modelOptions())
      for note in model.notes { console.note("note: \(note)") }
      var request = ExportRequest(model: model, target: to.row, output: output)
      request.precision = precision.precision
      request.replacesExisting = force
      request.threads = threads ?? 0
      Interruption.isNoted()
      request.isCancelled = { Interruption.isRequested }
      request.progress = console.progress
      let exported = try Exporter.run(request)
      var result = ExportOutput(exported, request)
      result.seconds = started.duration(to: clock.now).seconds
      if options.json {
        try JSONOutput.print(result)
      } else {
        for note in exported.notes { console.note("note: \(note)") }
        try console.print(result.lines(model.architecture.words))
      }
    }
  }
}

struct ExportOutput: SchemaOutput {
  static let schema = "export"
  var output, model, target, precision: String
  var spaceId: SpaceID
  var files: [File]
  var byteCount: Int
  /// Settings that the target cannot record, or records differently.
  var notes: [String]
  /// Opening the source, hashing and writing.
  var seconds = 0.0
  var peakByteCount = ProcessFacts.peakByteCount

  struct File: Encodable {
    /// Below the output folder; nil if the output is the file itself.
    var name: String?
    var byteCount: Int
  }

  init(_ exported: ExportedModel, _ request: ExportRequest) {
    output = request.output
    model = request.model.name
    target = request.target.identifier
    precision = "\(request.precision)"
    spaceId = exported.spaceID
    files = exported.files.map { File(name: $0.name.isEmpty ? nil : $0.name, byteCount: $0.byteCount) }
    byteCount = files.reduce(0) { $0 + $1.byteCount }
    notes = exported.notes
  }

  /// The same for people.
  ///
  /// - Parameter architecture: the model's, in words.
  func lines(_ architecture: String) -> [String] {
    let width = files.compactMap { $0.name?.count }.max() ?? 0
    let named = files.compactMap { file in
      file.name.map { "  \($0.padding(to: width))  \(formattedBytes(file.byteCount))" }
    }
    return ["\(output.unbroken): \(architecture) for \(target), \(precision), \(formattedBytes(byteCount))"]
      + named + [
        "  time          \(fixed(seconds, 2)) s",
        "  memory        \(peakByteCount.map(formattedBytes) ?? "unknown")",
        "  space         \(spaceId.short)",
      ]
  }
}
