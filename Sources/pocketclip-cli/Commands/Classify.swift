import Architecture
import Archives
import ArgumentParser
import BundleFormat
import PocketCLIP
import Progress
import Verification

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classify images: choose the best of your labels for each (zero-shot).",
    discussion: """
      Each label is put into every template, and the embeddings of the resulting texts are averaged, as OpenAI did for ImageNet. Percentages come from the model's score: over all labels (softmax), or for each label alone (sigmoid).

      Example: pocketclip classify -m b32.pclip cat.jpg --label cat --label dog
               pocketclip classify -m b32.pclip Photos/ --labels birds.txt --lines
      """)

  @Option(name: [.customShort("m"), .long], help: ArgumentHelp("The bundle to run.", valueName: "bundle"))
  var model: String

  @Option(
    help: ArgumentHelp("The bundle for the labels, if the first has no text tower.", valueName: "bundle"))
  var textModel: String?

  @Option(
    name: .customLong("label"), help: ArgumentHelp("A label. Repeat the option for more.", valueName: "text"))
  var listedLabels: [String] = []

  @Option(help: ArgumentHelp("A file with one label per line; - is standard input.", valueName: "file"))
  var labels: String?

  @Option(
    name: .customLong("template"),
    help: ArgumentHelp(
      "A sentence with {} where the label goes. Repeat the option for more; their embeddings are averaged.",
      valueName: "text"))
  var templates: [String] = []

  @Option(
    name: .customLong("templates"),
    help: ArgumentHelp("A file with one template per line; - is standard input.", valueName: "file"))
  var templateFile: String?

  @Flag(help: "Print one JSON object per line for each image, as soon as it is classified.")
  var lines = false

  @Option(help: ArgumentHelp("How many labels to print for each image.", valueName: "number"))
  var top = 5

  @Flag(help: "Use two bundles although it is not known whether they share an embedding space.")
  var allowUnknownSpace = false

  @OptionGroup var images: ImageOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var options: ConsoleOptions

  private func check() throws(Failure) {
    guard !(lines && options.json) else {
      throw Failure(.usage, "--lines and --json exclude each other", hint: "give one of them")
    }
    guard top > 0 else {
      throw Failure(.usage, "--top \(top): expected a positive number", hint: "leave it out for 5")
    }
    guard !images.isEmpty else {
      throw Failure(
        .usage, "no images", hint: "give images or folders, or --images FILE with one path a line")
    }
    try images.size.check()
    try StandardInput.requireOnce([("--labels", labels), ("--templates", templateFile)] + images.inputs)
    try runtime.check()
  }

  func run() throws {
    try options.run { console in
      try check()
      let labels = try Labels.read(listed: listedLabels, file: labels)
      try Arguments.requireUTF8(self.templates, "template")
      let templates = try PromptTemplates(templates + (templateFile.map(ListFile.lines) ?? []))
      let imageBundle = try OpenBundle.opened(model, runtime.modelOptions)
      let textBundle = try textModel.map { try OpenBundle.opened($0, runtime.modelOptions) } ?? imageBundle
      try requireTowers(imageBundle, textBundle)
      try requireOneSpace(imageBundle, textBundle)
      try requireOneScore(imageBundle, textBundle)
      let found = try images.files(console)
      for warning in Labels.warnings(labels) { console.warn(warning) }
      let classes = try ClassVectors(labels, templates, textBundle, text, console)
      var encoder = try ImageEncoder(
        imageBundle, files: found.files, unreadable: found.unreadable, isTurnedUpright: images.upright,
        scalesJPEG: images.scaledJpeg, limits: images.size.limits)
      let unreadable = found.unreadable.map {
        ClassifyOutput.Image(path: $0.path, error: $0.failure.message, hint: $0.failure.hint, labels: [])
      }
      let space = imageBundle.model.information.space
      console.progress.begin("classifying images", .images, of: found.files.count)
      let results = try unreadable + classify(&encoder, classes, space, console)
      console.progress.end()
      let failure = encoder.finish(console, isStrict: images.strict, hasOthers: false)
      if images.strict, let failure { throw failure }
      if options.json {
        let information = imageBundle.model.information
        try JSONOutput.print(
          ClassifyOutput(
            spaceId: space, bundleId: information.bundleID,
            scoreKind: textBundle.model.information.scoreKind.rawValue,
            scaledJpeg: images.scaledJpeg ? true : nil, images: results))
      }
      if images.strict, !options.json {
        for result in results { try print(result, space, console) }
      }
      if let failure { throw failure.followingOutput() }
    }
  }

  /// Prints the labels of each image as soon as they are computed.
  ///
  /// - Returns: the results of all images, if they are printed together.
  private func classify(
    _ encoder: inout ImageEncoder, _ classes: ClassVectors, _ space: SpaceID, _ console: Console
  ) throws -> [ClassifyOutput.Image] {
    var results: [ClassifyOutput.Image] = []
    while let next = encoder.next(console) {
      console.progress.add()
      let result = try classified(next.path, next.vector, classes)
      if options.json || images.strict { results.append(result) } else { try print(result, space, console) }
    }
    return results
  }

  private func print(_ result: ClassifyOutput.Image, _ space: SpaceID, _ console: Console) throws {
    if lines {
      console.clearProgress()
      try JSONOutput.printLine(
        ClassifyOutput.Line(image: result, spaceId: space, scaledJpeg: images.scaledJpeg ? true : nil))
    } else {
      try console.print(result.lines)
    }
  }

  private func classified(
    _ path: String, _ vector: Result<[Float], Failure>, _ classes: ClassVectors
  ) throws -> ClassifyOutput.Image {
    switch vector {
    case .success(let vector):
      ClassifyOutput.Image(path: path, labels: try classes.ranked(vector, top: top))
    case .failure(let failure):
      ClassifyOutput.Image(path: path, error: failure.message, hint: failure.hint, labels: [])
    }
  }

  private func requireTowers(_ image: OpenBundle, _ text: OpenBundle) throws(Failure) {
    guard image.model.information.hasImage else {
      throw Failure(
        .unsupported, "\(image.path): this bundle has no image tower",
        hint: "give a bundle with an image tower to -m, and this one to --text-model")
    }
    guard text.model.information.hasText else {
      throw Failure(
        .unsupported, "\(text.path): this bundle has no text tower",
        hint: "give the text tower's bundle to --text-model")
    }
    guard text.model.information.hasTokenizer else { throw text.lacksTokenizer }
    for (bundle, isProjected) in [
      (image, image.model.information.imageIsProjected), (text, text.model.information.textIsProjected),
    ] where !isProjected {
      throw Failure(
        .unsupported, "\(bundle.path): a tower without projection gives hidden states, not embeddings",
        hint: "convert a checkpoint that has the projection (…WithProjection)")
    }
  }

  private func requireOneSpace(_ image: OpenBundle, _ text: OpenBundle) throws(Failure) {
    let spaces = (image.model.information.space, text.model.information.space)
    switch spaces.0.compared(with: spaces.1) {
    case .same: return
    case .different:
      throw Failure(
        .data,
        "the bundles have different embedding spaces: \(image.path) \(spaces.0), \(text.path) \(spaces.1)",
        hint: "convert both towers from one checkpoint")
    case .unknown:
      guard !allowUnknownSpace else { return }
      throw Failure(
        .data, "it is unknown whether \(image.path) and \(text.path) share an embedding space",
        hint: "convert both from one complete checkpoint, or add --allow-unknown-space")
    }
  }
}

extension Classify {
  /// The bundle of the texts determines the score. A sigmoid and a softmax give different percentages for the same
  /// vectors, so both bundles must agree.
  private func requireOneScore(_ image: OpenBundle, _ text: OpenBundle) throws(Failure) {
    let kinds = (image.description.score, text.description.score)
    guard let own = kinds.0, let other = kinds.1, own != other else { return }
    throw Failure(
      .data,
      "the bundles state two kinds of score: \(image.path) a \(own), \(text.path) a \(other)",
      hint: "convert both towers from one checkpoint")
  }
}

/// One unit vector per label.
struct ClassVectors {
  let labels: [String]
  let vectors: [[Float]]
  /// The bundle whose score is used.
  private let model: Model
  /// Nil for the model's own.
  private let scale: Float?

  init(
    _ labels: [String], _ templates: PromptTemplates, _ bundle: OpenBundle, _ options: TextOptions,
    _ console: Console
  ) throws {
    let session = try bundle.session(batch: Session.textBatch)
    let texts = labels.flatMap(templates.texts)
    try options.check(texts, session, console, file: bundle.path)
    console.progress.begin("embedding texts", .texts, of: texts.count)
    let encoded = try session.encode(texts: texts, console.progress)
    let perLabel = templates.sentences.count
    self.labels = labels
    vectors = labels.indices.map { Self.unitMean(encoded[$0 * perLabel..<($0 + 1) * perLabel]) }
    model = bundle.model
    scale = Self.usualScale(for: bundle, console)
  }

  private static func usualScale(for bundle: OpenBundle, _ console: Console) -> Float? {
    guard bundle.model.information.logitScale == nil else { return nil }
    console.note(
      "note: \(bundle.path) has no logit scale: percentages use the usual scale, \(Int(Score.usualScale))")
    return Score.usualScale
  }

  /// The labels closest to an image's vector, closest first.
  func ranked(_ vector: [Float], top: Int) throws -> [ClassifyOutput.Label] {
    let similarities = vectors.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    let shares = try model.probabilities(of: similarities, scale: scale)
    let order = similarities.indices.sorted {
      similarities[$0] == similarities[$1] ? $0 < $1 : similarities[$0] > similarities[$1]
    }
    return order.prefix(top).map {
      ClassifyOutput.Label(label: labels[$0], probability: shares[$0], similarity: similarities[$0])
    }
  }

  static func unitMean(_ vectors: ArraySlice<[Float]>) -> [Float] {
    guard vectors.count > 1, let first = vectors.first else { return vectors.first ?? [] }
    var mean = [Float](repeating: 0, count: first.count)
    for vector in vectors {
      for index in mean.indices { mean[index] += vector[index] }
    }
    let norm = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return norm > 0 ? mean.map { $0 / norm } : mean
  }
}

struct ClassifyOutput: SchemaOutput {
  static let schema = "classify"
  var spaceId: SpaceID
  var bundleId, scoreKind: String
  /// Whether large JPEGs were decoded at a fraction of their size; nil for no.
  var scaledJpeg: Bool?
  var images: [Image]

  struct Image: Encodable {
    var path: String
    var error, hint: String?
    var labels: [Label]

    /// The text report; empty for an image that already caused a warning.
    var lines: [String] {
      guard error == nil else { return [] }
      return [path.unbroken]
        + labels.map {
          "  \(fixed(Double($0.probability) * 100, 2).leftPadding(to: 6)) %  \($0.label)  (cosine \(fixed(Double($0.similarity), 4)))"
        }
    }
  }

  /// One line of JSON per image.
  struct Line: Encodable {
    var image: Image
    var spaceId: SpaceID
    var scaledJpeg: Bool?

    enum CodingKeys: CodingKey { case spaceId, scaledJpeg }

    func encode(to encoder: any Encoder) throws {
      try image.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(spaceId, forKey: .spaceId)
      try container.encodeIfPresent(scaledJpeg, forKey: .scaledJpeg)
    }
  }

  struct Label: Encodable {
    var label: String
    var probability, similarity: Float
  }
}
