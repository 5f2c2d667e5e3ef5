import Architecture
import ArgumentParser
import Diagnosis
import ImageFiles
import Models
import Progress
import ReferenceForward

struct Diagnose: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find out why another tool's embeddings differ from the right ones.",
    discussion: """
      Give the vectors that another tool computed, and the images or texts that it computed them from, in the order of the rows. The command computes the right vectors with the FP32 reference. If they differ, it tries each known mistake (resize filter, crop, mean and standard deviation, activation, pooling, …), then pairs of mistakes, and prints which one makes the vectors meet. docs/DIAGNOSE.md explains each.

      The exit status is 0 if the vectors are right, 1 if they are not, also if the cause was found. Twenty to forty inputs are best. Among images, some should be wide, some tall.

      Example: pocketclip diagnose ViT-B-32.pt --embeddings mine.npy --images Photos/
               pocketclip diagnose ViT-B-32.pt --embeddings text.npy --texts words.txt
      """)

  @Argument(
    help: ArgumentHelp(
      "The checkpoint (or bundle) that the other tool ran. Two checkpoints if each holds one tower.",
      valueName: "model"))
  var paths: [String]

  @Option(
    help: ArgumentHelp(
      "The vectors: .npy, .safetensors or lines of JSON, one row for each input.", valueName: "file"))
  var embeddings: String

  @Option(
    help: ArgumentHelp("The name of the tensor, for a file that holds several.", valueName: "name"))
  var tensor: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The images of the rows: files in the order of the rows, or folders, whose files are sorted by name.",
      valueName: "images"))
  var images: [String] = []

  @Option(
    help: ArgumentHelp(
      "The texts of the rows: a file with one per line; - is standard input.", valueName: "file"))
  var texts: String?

  @Option(
    help: ArgumentHelp(
      "The other tool's model input in place of images: normalized pixels [images, 3, size, size]. Excludes preprocessing as a cause.",
      valueName: "file"))
  var pixels: String?

  @Option(
    help: ArgumentHelp(
      "The other tool's token ids in place of texts: one row for each text. Excludes the tokenizer as a cause.",
      valueName: "file"))
  var ids: String?

  @Option(
    help: ArgumentHelp(
      "A sentence with {} into which the other tool may have put each text.", valueName: "text"))
  var template: String?

  @OptionGroup var size: ImageLimitOptions
  @OptionGroup var reference: ReferenceOptions
  @OptionGroup(title: "Settings to supply when the file does not record them") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  private func check() throws(Failure) {
    let given = [
      images.isEmpty ? nil : "--images", texts == nil ? nil : "--texts", pixels == nil ? nil : "--pixels",
      ids == nil ? nil : "--ids",
    ].compactMap(\.self)
    guard let first = given.first else {
      throw Failure(
        .usage, "no inputs: the right vectors cannot be computed",
        hint: "give what the vectors were computed from: --images, --texts, --pixels or --ids")
    }
    guard given.count == 1 || given == ["--images", "--texts"] else {
      throw Failure(
        .usage, "\(given.listed("and")) exclude each other",
        hint: "give only \(first), or --images with --texts if the towers may be exchanged")
    }
    guard template == nil || texts != nil else {
      throw Failure(
        .usage, "--template has no effect without --texts", hint: "add --texts FILE, or leave it out")
    }
    try size.check()
    if let template { _ = try PromptTemplates([template]) }
  }

  func run() throws {
    try options.run { console in
      try check()
      let started = ContinuousClock.now
      defer { console.progress.end() }
      let vectors = try given()
      let model = try CLIPModel.open(paths, options: try input.modelOptions())
      let sources = try DiagnoseInputs(
        images: images, texts: texts, pixels: pixels, ids: ids,
        limits: size.limits, model: model, console)
      var diagnoser = Diagnoser(model: model, given: vectors, inputs: sources.inputs)
      diagnoser.otherInputs = sources.others
      diagnoser.template = template
      diagnoser.reference = reference.request(console)
      diagnoser.progress = console.progress
      let diagnosis: Diagnosis
      do throws(DiagnosisError) {
        diagnosis = try diagnoser.run()
      } catch {
        throw Failure(error, sources, vectors: embeddings)
      }
      console.progress.end()
      let output = DiagnoseOutput(
        diagnosis, model: model, path: paths.joined(separator: ", "), embeddings: embeddings,
        vectors: vectors,
        sources, seconds: started.duration(to: .now).seconds)
      if options.json { try JSONOutput.print(output) } else { try console.print(output.lines) }
      guard diagnosis.verdict == .right else { throw ExitStatus.answerIsNo.exitCode }
    }
  }

  private func given() throws(Failure) -> GivenVectors {
    let file = try ArrayFile(embeddings, tensor: tensor, axisCount: 2)
    return GivenVectors(Tensor(file.shape, try file.floats()), storedType: file.storedType)
  }
}

extension Failure {
  /// - Parameter vectors: the file of the vectors.
  fileprivate init(_ error: DiagnosisError, _ sources: DiagnoseInputs, vectors: String) {
    switch error {
    case .model(let error): self.init(describing: error)
    case .image(let error):
      self.init(
        error.exitStatus, error.description,
        hint: "\(error.hint), or leave the image and its row out: each row needs its image")
    case .preparation(let fault, let index):
      self.init(
        .data, "\(sources.name(index)): the image cannot be resized: \(fault)", hint: "resize the image first"
      )
    case .inputsUnsupported(let problem, let hint): self.init(.unsupported, problem, hint: hint)
    case .otherCount(let rows, let inputs):
      self.init(
        .data, "\(vectors) has \(rows) rows for \(inputs) inputs",
        hint: rows < inputs
          ? "give the inputs of these rows: the other tool may have skipped some"
          : "give the inputs of all rows, or fewer rows")
    case .reference(let error):
      self.init(
        .unsupported, "--reference openblas: \(error.reason)",
        hint: "use --reference portable: it needs no library")
    }
  }
}
