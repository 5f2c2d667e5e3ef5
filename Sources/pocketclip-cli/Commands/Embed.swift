import Archives
import ArgumentParser
import BundleFormat
import PocketCLIP
import Progress
import Verification

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute embeddings (vectors) of images and texts.",
    discussion: """
      Without -o: JSON lines on standard output, one per image or text, as soon as each is computed.

      With -o NAME: the vectors, texts first, in NAME (.npy, or .safetensors as tensor `vectors`), and one line of JSON per vector in NAME.rows.jsonl (path or text, size, SHA-256, status, embedding space). After a signal or a crash, --resume continues. It compares files by size and content, embeds those that changed again, and keeps the vectors of deleted files with status missing.

      Example: pocketclip embed -m b32.pclip Photos/ -o vectors.safetensors
               pocketclip embed -m b32.pclip Photos/ -o vectors.safetensors --resume
               pocketclip embed -m b32.pclip --text "two parrots"
               find . -name '*.jpg' | pocketclip embed -m b32.pclip --images -
      """)

  @Option(name: [.customShort("m"), .long], help: ArgumentHelp("The bundle to run.", valueName: "bundle"))
  var model: String

  @Option(
    name: .customLong("text"), help: ArgumentHelp("A text. Repeat the option for more.", valueName: "text"))
  var listedTexts: [String] = []

  @Option(help: ArgumentHelp("A file with one text per line; - is standard input.", valueName: "file"))
  var texts: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write vectors to this file (.safetensors or .npy; without an ending, .safetensors is added) and their rows beside it.",
      valueName: "name"))
  var output: String?

  @Flag(help: "Write vectors as the model computes them, not scaled to unit length.")
  var raw = false

  @Flag(help: "Embed everything again and replace the output if it exists.")
  var force = false

  @Flag(
    help: "Continue an interrupted run, or update an output: keep vectors of unchanged files, embed the rest."
  )
  var resume = false

  @Flag(help: "With --resume, remove the vectors of files that no longer exist.")
  var prune = false

  @OptionGroup var images: ImageOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var options: ConsoleOptions

  private func check() throws(Failure) {
    guard !images.isEmpty || !listedTexts.isEmpty || texts != nil else {
      throw Failure(
        .usage, "no images and no texts",
        hint: "give images or folders, --images FILE, --text TEXT or --texts FILE")
    }
    guard !resume || output != nil else {
      throw Failure(.usage, "--resume needs -o", hint: "give the output to continue: -o NAME")
    }
    guard !prune || resume else { throw Failure(.usage, "--prune needs --resume", hint: "add --resume") }
    guard !(resume && force) else {
      throw Failure(
        .usage, "--resume and --force exclude each other",
        hint: "give --resume to keep vectors, or --force to embed everything again")
    }
    if let output {
      try OutputPath.validate(output, .vectors, "leave out -o for JSON lines on standard output")
    }
    try images.size.check()
    try StandardInput.requireOnce([("--texts", texts)] + images.inputs)
    try runtime.check()
  }

  func run() throws {
    try options.run { console in
      try check()
      let paths = output.map(VectorPaths.init)
      let lists = [model] + [texts, images.list].compactMap(\.self)
      try paths?.checkDestination(replacing: force || resume, inputs: lists)
      let bundle = try OpenBundle.opened(model, runtime.modelOptions)
      let texts = try Words.refusingEmpty(
        "text", listed: listedTexts, fromFile: texts.map(ListFile.lines) ?? [], texts)
      let found = try images.files(console)
      try paths?.checkDestination(replacing: force || resume, inputs: found.files)
      try requireTowers(bundle, hasImages: !found.files.isEmpty, hasTexts: !texts.isEmpty)
      if let paths {
        try save(texts, found, bundle, to: paths, console)
      } else {
        try print(texts, found, bundle, console)
      }
    }
  }

  private func save(
    _ texts: [String], _ found: FoundImages, _ bundle: OpenBundle, to paths: VectorPaths, _ console: Console
  ) throws {
    let run = VectorRun(
      paths: paths, bundle: bundle,
      settings: VectorSettings(
        bundle, isRaw: raw, isTurnedUpright: images.upright, scalesJPEG: images.scaledJpeg),
      limits: images.size.limits,
      mode: resume ? .resume : force ? .replace : .new, prunes: prune, isStrict: images.strict, text: text,
      console: console)
    let result = try run.run(texts: texts, images: found)
    if options.json {
      var output = EmbedOutput(bundle, items: [], skipped: result.skipped)
      output.scaledJpeg = scaledJpeg
      output.output = paths.vectors
      output.rows = paths.rows
      output.counts = result.counts
      try JSONOutput.print(output)
    }
    if let failure = result.failure { throw failure.followingOutput() }
  }

  /// For the output: nil if the option is not given.
  private var scaledJpeg: Bool? { images.scaledJpeg ? true : nil }

  /// Prints each vector as soon as it is computed, or all as one object.
  private func print(
    _ texts: [String], _ found: FoundImages, _ bundle: OpenBundle, _ console: Console
  ) throws {
    var items: [EmbedOutput.Item] = []
    var skipped = found.unreadable.map { EmbedOutput.Skipped(input: $0.path, failure: $0.failure) }
    func printLine(_ item: EmbedOutput.Item) throws {
      console.clearProgress()
      try JSONOutput.printLine(EmbedOutput.Line(item, bundle.model.information.space, scaledJpeg: scaledJpeg))
    }
    func add(_ item: EmbedOutput.Item) throws {
      if options.json || images.strict { items.append(item) } else { try printLine(item) }
    }
    if !texts.isEmpty {
      let session = try bundle.session(batch: Session.textBatch)
      try text.check(texts, session, console, file: bundle.path)
      console.progress.begin("embedding texts", .texts, of: texts.count)
      let vectors = try session.encode(texts: texts, normalized: !raw, console.progress)
      for (text, vector) in zip(texts, vectors) {
        try add(EmbedOutput.Item(kind: "text", input: text, vector: vector))
      }
    }
    var encoder = try ImageEncoder(
      bundle, files: found.files, unreadable: found.unreadable, isNormalized: !raw,
      isTurnedUpright: images.upright, scalesJPEG: images.scaledJpeg, limits: images.size.limits)
    console.progress.begin("embedding images", .images, of: found.files.count)
    while let outcome = encoder.next(console) {
      console.progress.add()
      switch outcome.vector {
      case .success(let vector):
        try add(EmbedOutput.Item(kind: "image", input: outcome.path, vector: vector))
      case .failure(let failure):
        skipped.append(EmbedOutput.Skipped(input: outcome.path, failure: failure))
      }
    }
    console.progress.end()
    let failure = encoder.finish(console, isStrict: images.strict, hasOthers: !texts.isEmpty)
    if images.strict, let failure { throw failure }
    if options.json {
      var output = EmbedOutput(bundle, items: items, skipped: skipped)
      output.scaledJpeg = scaledJpeg
      try JSONOutput.print(output)
    } else {
      for item in items { try printLine(item) }
    }
    if let failure { throw failure.followingOutput() }
  }

  private func requireTowers(
    _ bundle: OpenBundle, hasImages: Bool, hasTexts: Bool
  ) throws(Failure) {
    let information = bundle.model.information
    if hasImages, !information.hasImage {
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
}

struct EmbedOutput: SchemaOutput {
  static let schema = "embed"
  var spaceId: SpaceID
  var bundleId: String
  /// Whether large JPEGs were decoded at a fraction of their size; nil for no.
  var scaledJpeg: Bool?
  /// The file of the vectors and that of their rows; `items` is then empty.
  var output, rows: String?
  var counts: VectorRun.Counts?
  var items: [Item]
  /// Images without a vector.
  var skipped: [Skipped]

  init(_ bundle: OpenBundle, items: [Item], skipped: [Skipped]) {
    spaceId = bundle.model.information.space
    bundleId = bundle.model.information.bundleID
    self.items = items
    self.skipped = skipped
  }

  struct Item: Encodable {
    /// `image` or `text`.
    var kind: String
    /// The path or the text.
    var input: String
    var vector: [Float]
  }

  struct Skipped: Encodable {
    var input, error, hint: String

    init(input: String, failure: Failure) {
      self.input = input
      error = failure.message
      hint = failure.hint
    }
  }

  /// One line of JSON per input.
  struct Line: Encodable {
    var kind, input: String
    var spaceId: SpaceID
    var scaledJpeg: Bool?
    var vector: [Float]

    init(_ item: Item, _ spaceId: SpaceID, scaledJpeg: Bool?) {
      kind = item.kind
      input = item.input
      self.spaceId = spaceId
      self.scaledJpeg = scaledJpeg
      vector = item.vector
    }
  }
}
