import ArgumentParser
import Checkpoints
import Models
import Progress

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a checkpoint or bundle holds, and which settings it does not record.",
    discussion: """
      Reads \(CheckpointFormat.readableNames).

      The exit status is 0 if the file can be converted without further options.

      Example: pocketclip inspect epoch_32.pt
               pocketclip inspect --explain broken.gguf
      """)

  @Argument(help: ArgumentHelp("A checkpoint file or folder, or a bundle.", valueName: "file"))
  var path: String

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(help: "Show the bytes around the error; if there is none, what each part of the file holds.")
  var explain = false

  @OptionGroup(title: "Settings to supply when the file does not record them") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  func run() throws {
    try options.run { console in
      guard !CLIPModel.isSynthetic(path) else {
        throw Failure(
          .usage, "\(path): synthetic weights are generated; there is no file to inspect",
          hint: "convert and verify take them; docs/SYNTHETIC.md describes them")
      }
      let modelOptions = try input.modelOptions()
      let inspection = try inspect(modelOptions)
      let output = InspectOutput(
        inspection, try identity(of: inspection.checkpoint, console), listsTensors: tensors,
        listsRegions: explain)
      if options.json {
        try JSONOutput.print(output)
      } else {
        try console.print(output.lines(inspection.architecture.words))
      }
      if let refusal = inspection.refusal { throw Failure(describing: refusal).followingOutput() }
    }
  }

  /// Reads the complete file.
  private func identity(of checkpoint: Checkpoint, _ console: Console) throws(ModelError) -> FileIdentity? {
    guard checkpoint.bundle == nil, checkpoint.files.count == 1, let file = checkpoint.files.first else {
      return nil
    }
    defer { console.progress.end() }
    console.progress.begin("hashing the file", .bytes, of: file.byteCount)
    return FileIdentity(sha256: try file.sha256(console.progress))
  }

  private func inspect(_ modelOptions: ModelOptions) throws -> ModelInspection {
    do {
      let checkpoint = try Checkpoint.open(path, taking: modelOptions.selection)
      return try ModelInspection(checkpoint, options: modelOptions)
    } catch {
      let failure = Failure(describing: error)
      throw explain ? failure.explained() : failure
    }
  }
}
