import ArgumentParser
import BundleFormat
import Foundation
import PocketCLIP

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn pictures and texts into vectors.",
    discussion: """
      Without -o: JSON lines on standard output, each as soon as it is known. With -o: a safetensors file with the vectors in `vectors`, texts first, and in its metadata the inputs (a JSON array) and the embedding space.

      Example: pocketclip embed -m b32.pclip Photos/ -o vectors.safetensors
               pocketclip embed -m b32.pclip Photos/ -o vectors.safetensors --resume
               pocketclip embed -m b32.pclip --text "two parrots"
               find . -name '*.jpg' | pocketclip embed -m b32.pclip --pictures -
      """)

  @Option(name: [.customShort("m"), .long], help: ArgumentHelp("The bundle.", valueName: "bundle"))
  var model: String

  @Option(name: .customLong("text"), help: "A text; give it several times.")
  var listedTexts: [String] = []

  @Option(help: ArgumentHelp("A file with one text a line; - is standard input.", valueName: "file"))
  var texts: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Write a safetensors file.", valueName: "file"))
  var output: String?

  @Flag(help: "Vectors as the tower puts them out, not of unit length.")
  var raw = false

  @Flag(help: "Replace the output file if it exists.")
  var force = false

  @Flag(
    help: "Keep the vectors that the output file has and add those it lacks, by path and text. Ctrl-C saves.")
  var resume = false

  @OptionGroup var pictures: PictureOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var options: ConsoleOptions

  func validate() throws {
    guard !pictures.isEmpty || !listedTexts.isEmpty || texts != nil else {
      throw ValidationError("give pictures, --pictures, --text or --texts")
    }
    guard !resume || output != nil else { throw ValidationError("--resume needs -o") }
    guard !(resume && force) else { throw ValidationError("give --resume or --force, not both") }
    if let output {
      try OutputPath.validate(output, .vectors, "leave out -o for JSON lines on standard output")
    }
  }

  func run() throws {
    try options.run { console in
      if let output { try VectorFile.checkDestination(output, replacing: force || resume, inputs: [model]) }
      let bundle = try BundleInput(model, runtime.modelOptions)
      var result = EmbedResult(bundle: bundle, keepsItems: output != nil || options.json)
      let settings = VectorFile.Settings(bundle, isRaw: raw, isTurnedUpright: pictures.upright)
      if resume, let output, FileManager.default.fileExists(atPath: output) {
        result.items = try VectorFile(path: output, settings: settings).items
        console.note("note: \(output): \(counted(result.items.count, "vector")) kept")
      }
      let texts = result.lacking(
        "text",
        of: try Words.refusingEmpty(
          "text", listed: listedTexts, fromFile: texts.map(ListFile.lines) ?? [], texts))
      let files = result.lacking("image", of: try pictures.files(console))
      if let output { try VectorFile.checkDestination(output, replacing: force || resume, inputs: files) }
      try requireTowers(bundle, hasPictures: !files.isEmpty, hasTexts: !texts.isEmpty)
      if resume { Interruption.isNoted() }
      try embed(texts, bundle, into: &result, console)
      var encoder = try PictureEncoder(
        bundle, files: files, isNormalized: !raw, isTurnedUpright: pictures.upright)
      try embed(counted(files.count, "picture"), of: &encoder, into: &result, console)
      try write(result, settings, console)
      if Interruption.isRequested {
        console.note("note: interrupted; the same command goes on from here")
        throw ExitStatus.interrupted.exitCode
      }
      try encoder.finish(console)
    }
  }

  private func requireTowers(
    _ bundle: BundleInput, hasPictures: Bool, hasTexts: Bool
  ) throws(Failure) {
    let information = bundle.model.information
    if hasPictures, !information.hasImage {
      throw Failure(
        .unsupported, "\(bundle.path): this bundle has no image tower",
        hint: "convert the checkpoint with --tower image or both")
    }
    if hasTexts, !information.hasText {
      throw Failure(
        .unsupported, "\(bundle.path): this bundle has no text tower",
        hint: "convert the checkpoint with --tower text or both")
    }
    if hasTexts, !information.hasTokenizer { throw bundle.lacksTokenizer }
  }

  private func embed(
    _ texts: [String], _ bundle: BundleInput, into result: inout EmbedResult, _ console: Console
  ) throws {
    guard !texts.isEmpty else { return }
    let session = try bundle.session(batch: 16)
    try text.check(texts, session, console, file: bundle.path)
    for (text, vector) in zip(texts, try session.encode(texts: texts, normalized: !raw)) {
      try result.add(EmbedOutput.Item(kind: "text", input: text, vector: vector), console)
    }
  }

  private func embed(
    _ all: String, of encoder: inout PictureEncoder, into result: inout EmbedResult, _ console: Console
  ) throws(Failure) {
    var done = 0
    while !Interruption.isRequested {
      console.progress("\(done) of \(all)")
      guard let (path, vector) = encoder.next(console) else { break }
      switch vector {
      case .success(let vector):
        try result.add(EmbedOutput.Item(kind: "image", input: path, vector: vector), console)
      case .failure(let failure):
        result.skipped.append(EmbedOutput.Skipped(input: path, error: failure.message))
      }
      done += 1
    }
    console.progress(nil)
  }

  private func write(_ result: EmbedResult, _ settings: VectorFile.Settings, _ console: Console) throws {
    if let output, let width = result.items.first?.vector.count {
      try VectorFile(items: result.items, settings: settings).write(to: output, replacing: force || resume)
      console.note("\(output): \(counted(result.items.count, "vector")) of \(width) values")
    }
    guard options.json else { return }
    let information = result.bundle.model.information
    try JSONOutput.print(
      EmbedOutput(
        spaceId: information.spaceID, bundleId: information.bundleID, output: output,
        items: output == nil ? result.items : [], skipped: result.skipped))
  }
}

/// The vectors so far: printed at once, or kept for what is written in one piece.
private struct EmbedResult {
  let bundle: BundleInput
  let keepsItems: Bool
  var items: [EmbedOutput.Item] = []
  var skipped: [EmbedOutput.Skipped] = []

  init(bundle: BundleInput, keepsItems: Bool) {
    self.bundle = bundle
    self.keepsItems = keepsItems
  }

  /// The inputs of a kind that have no vector yet, in their order.
  func lacking(_ kind: String, of inputs: [String]) -> [String] {
    let known = Set(items.lazy.filter { $0.kind == kind }.map(\.input))
    return known.isEmpty ? inputs : inputs.filter { !known.contains($0) }
  }

  /// - Throws: `cannotCreate` when standard output takes no more.
  mutating func add(_ item: EmbedOutput.Item, _ console: Console) throws(Failure) {
    guard !keepsItems else { return items.append(item) }
    console.progress(nil)
    let line: String
    do {
      line = try JSONOutput.line(EmbedOutput.Line(item, bundle.model.information.spaceID))
    } catch {
      throw Failure(describing: error)
    }
    try console.print(line)
  }
}

struct EmbedOutput: SchemaOutput {
  static let schema = "embed"
  var spaceId, bundleId: String
  /// The safetensors file that has the vectors; `items` is then empty.
  var output: String?
  var items: [Item]
  /// Pictures without a vector.
  var skipped: [Skipped]

  struct Item: Encodable {
    /// `image` or `text`.
    var kind: String
    /// The path or the text.
    var input: String
    var vector: [Float]
  }

  struct Skipped: Encodable {
    var input, error: String
  }

  /// One line of JSON per input.
  struct Line: Encodable {
    var kind, input, spaceId: String
    var vector: [Float]

    init(_ item: Item, _ spaceId: String) {
      kind = item.kind
      input = item.input
      self.spaceId = spaceId
      vector = item.vector
    }
  }
}
