import ArgumentParser
import BundleFormat
import PocketCLIP

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn pictures and texts into vectors.",
    discussion: """
      Without -o: JSON lines on standard output, one per input. With -o: a safetensors file with the vectors, and the
      embedding space they belong to in its metadata.

      Example: pocketclip embed -m b32.pclip *.jpg -o vectors.safetensors
               pocketclip embed -m b32.pclip --text "two parrots"
      """)

  @Option(name: [.customShort("m"), .long], help: ArgumentHelp("The bundle.", valueName: "bundle"))
  var model: String

  @Argument(help: ArgumentHelp("JPEG, PNG or WebP files.", valueName: "pictures"))
  var pictures: [String] = []

  @Option(name: .customLong("text"), help: "A text; give it several times.")
  var texts: [String] = []

  @Option(name: .shortAndLong, help: ArgumentHelp("Write a safetensors file.", valueName: "file"))
  var output: String?

  @Flag(help: "Vectors as the tower puts them out, not of unit length.")
  var raw = false

  @Flag(help: "Replace the output file if it exists.")
  var force = false

  @OptionGroup var text: TextOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var options: ConsoleOptions

  func validate() throws {
    guard !pictures.isEmpty || !texts.isEmpty else { throw ValidationError("give pictures or --text") }
  }

  func run() throws {
    try options.run { console in
      let bundle = try BundleInput(model, runtime.modelOptions)
      try requireTowers(bundle)
      var items = try embedTexts(bundle, console)
      var failures: [Failure] = []
      for (index, path) in pictures.enumerated() {
        console.progress("\(index) of \(pictures.count) pictures")
        do throws(Failure) {
          items.append(try embedPicture(path, bundle))
        } catch {
          console.progress(nil)
          console.warn("skipped: \(error.message)")
          failures.append(error)
        }
      }
      console.progress(nil)
      try write(items, bundle, console)
      if var failure = failures.first {
        failure.message =
          "\(failures.count) of \(pictures.count) pictures skipped; the first: \(failure.message)"
        throw failure.followingOutput()
      }
    }
  }

  private func requireTowers(_ bundle: BundleInput) throws(Failure) {
    let information = bundle.model.information
    if !pictures.isEmpty, !information.hasImage {
      throw Failure(
        .unsupported, "\(bundle.path): this bundle has no image tower",
        hint: "convert the checkpoint with --tower image or both")
    }
    if !texts.isEmpty, !information.hasText || !information.hasTokenizer {
      throw Failure(
        .unsupported, "\(bundle.path): this bundle has no text tower with a tokenizer",
        hint: "convert the checkpoint with --tower text or both")
    }
  }

  private func embedTexts(_ bundle: BundleInput, _ console: Console) throws -> [EmbedOutput.Item] {
    guard !texts.isEmpty else { return [] }
    let session = try bundle.session(batch: 16)
    try text.check(texts, session, console, file: bundle.path)
    let vectors = try session.encode(texts: texts, normalized: !raw)
    return zip(texts, vectors).map { EmbedOutput.Item(kind: "text", input: $0, vector: $1) }
  }

  private func embedPicture(_ path: String, _ bundle: BundleInput) throws(Failure) -> EmbedOutput.Item {
    let input = try PictureInput(
      path, preprocessing: bundle.header.description.preprocessing,
      imageSize: bundle.model.information.imageSize)
    do {
      let session = try bundle.session(batch: 1, pictures: [input])
      let vector = try session.encode(pictures: [input.picture], normalized: !raw)[0].get()
      return EmbedOutput.Item(kind: "image", input: path, vector: vector)
    } catch {
      throw (error as? PocketCLIPError).map { Failure($0, file: path) } ?? Failure(describing: error)
    }
  }

  private func write(_ items: [EmbedOutput.Item], _ bundle: BundleInput, _ console: Console) throws {
    if let output {
      try VectorFile(items: items, bundle: bundle, isRaw: raw).write(to: output, replacing: force)
      console.note("\(output): \(items.count) vectors of \(items.first?.vector.count ?? 0) values")
    }
    let result = EmbedOutput(
      spaceId: bundle.model.information.spaceID, bundleId: bundle.model.information.bundleID,
      items: output == nil ? items : [])
    if options.json { return try JSONOutput.print(result) }
    for item in result.items { console.print(try JSONOutput.line(EmbedOutput.Line(item, result.spaceId))) }
  }
}

struct EmbedOutput: SchemaOutput {
  static let schema = "embed"
  var spaceId, bundleId: String
  var items: [Item]

  struct Item: Encodable {
    /// `image` or `text`.
    var kind: String
    /// The path or the text.
    var input: String
    var vector: [Float]
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
