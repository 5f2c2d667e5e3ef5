import ArgumentParser
import BundleFormat
import Export
import Models

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Write a model as other tools read it: \(ExportTarget.all.map(\.name).joined(separator: ", ")).",
    discussion: """
      From anything that `convert` takes, our own bundles included. The targets:

      \(targets)

      fp32 keeps every bit. fp16 rounds matrices and the token table, int8 (ONNX) quantizes them as int8 bundles do. docs/EXPORT.md tells what each target can say and how close the other libraries come.

      Example: pocketclip export ViT-B-32.pt --to huggingface -o clip-vit-b32
               pocketclip export b32.pclip --to onnx --precision fp16 -o b32-onnx
               pocketclip export vision.gguf text.gguf --to open-clip -o both
      """)

  /// A line for each.
  private static var targets: String {
    let width = ExportTarget.all.map(\.identifier.count).max() ?? 0
    return ExportTarget.all.map { "  \($0.identifier.padding(to: width))   \($0.summary)" }
      .joined(separator: "\n")
  }

  @Argument(
    help: ArgumentHelp(
      "A checkpoint file or folder, a bundle, or org/name in the Hugging Face cache; two files where each holds one tower; synthetic:ViT-B-32 for weights made up.",
      valueName: "in"))
  var paths: [String]

  @Option(help: "What to write: \(Target.list).")
  var to: Target

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file (safetensors) or folder to write.", valueName: "out"))
  var output: String

  @Option(help: "How weights are stored: fp32, fp16, or int8 for ONNX. Default: fp32.")
  var precision = Convert.PrecisionChoice.fp32

  @Flag(help: "Replace the output file, or the folder of an earlier export, if it exists.")
  var force = false

  @Option(help: "How many threads to use; no byte depends on it. Default: all that this process may use.")
  var threads: Int?

  @OptionGroup(title: "What the file may leave open") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  /// A row of the table, by its identifier.
  struct Target: ExpressibleByArgument {
    let row: ExportTarget

    init?(argument: String) {
      guard let row = ExportTarget(identifier: argument) else { return nil }
      self.row = row
    }

    static let allValueStrings = ExportTarget.all.map(\.identifier)

    /// `a, b or c`, for help.
    static var list: String {
      allValueStrings.dropLast().joined(separator: ", ") + " or " + (allValueStrings.last ?? "")
    }
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
      request.onProgress = { done, total in console.progress("writing \(100 * done / max(total, 1)) %") }
      let exported = try Exporter.run(request)
      console.progress(nil)
      var result = ExportOutput(exported, request)
      result.seconds = started.duration(to: clock.now).seconds
      if options.json {
        try JSONOutput.print(result)
      } else {
        for note in exported.notes { console.note("note: \(note)") }
        try console.print(result.lines)
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
  /// What the target cannot say, or says differently.
  var notes: [String]
  /// Opening the source, hashing and writing.
  var seconds = 0.0
  var peakByteCount = ProcessFacts.peakByteCount

  struct File: Encodable {
    /// Below the output folder; nil where the output is the file.
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

  var lines: [String] {
    let width = files.compactMap { $0.name?.count }.max() ?? 0
    let named = files.compactMap { file in
      file.name.map { "  \($0.padding(to: width))  \(formattedBytes(file.byteCount))" }
    }
    return [
      "\(output): \(model) for \(target) in \(precision), \(formattedBytes(byteCount)), "
        + "written in \(fixed(seconds, 2)) s with \(peakByteCount.map(formattedBytes) ?? "unknown") of memory"
    ] + named + ["  space \(spaceId)"]
  }
}
