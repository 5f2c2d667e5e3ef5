import ArgumentParser
import Checkpoints
import Models

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what a checkpoint or bundle is, what it does not say, and where every tensor goes.",
    discussion: """
      Takes \(CheckpointFormat.readableNames).
      Reads names and shapes, no weights. Exit status 0 when the file can be converted as it is.

      Example: pocketclip inspect epoch_32.pt
               pocketclip inspect --explain broken.gguf
      """)

  @Argument(help: ArgumentHelp("A checkpoint file or folder, or a bundle.", valueName: "file"))
  var path: String

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(help: "Of a broken file, show the bytes around the place; of a sound one, what lies where.")
  var explain = false

  @OptionGroup(title: "What the file may leave open") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  func run() throws {
    try options.run { console in
      guard !CLIPModel.isSynthetic(path) else {
        throw Failure(
          .usage, "\(path): synthetic weights are in no file that could be inspected",
          hint: "convert and verify take them; docs/SYNTHETIC.md tells what they are")
      }
      let modelOptions = try input.modelOptions()
      let inspection = try inspect(modelOptions)
      let output = InspectOutput(inspection, listsTensors: tensors, listsRegions: explain)
      if options.json {
        try JSONOutput.print(output)
      } else {
        try console.print(output.lines)
      }
      if let refusal = inspection.refusal { throw Failure(describing: refusal).followingOutput() }
    }
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
