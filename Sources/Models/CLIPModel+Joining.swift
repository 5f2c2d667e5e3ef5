internal import Architecture
internal import BundleFormat
internal import TensorTypes

extension CLIPModel {
  /// Opens the user's paths: one path, or the two towers of a CLIP that were published as two files.
  ///
  /// - Throws: `cannotJoin` if the files are not one image tower and one text tower; the errors of `open`.
  public static func open(
    _ paths: [String], options: ModelOptions = ModelOptions()
  ) throws(ModelError) -> CLIPModel {
    guard let first = paths.first, paths.count <= 2 else {
      throw ModelError(
        .cannotJoin, expected: "one file, or one for each tower", found: "\(paths.count) files")
    }
    guard paths.count == 2 else { return try open(first, options: options) }
    return try CLIPModel(joining: try open(first, options: options), try open(paths[1], options: options))
  }

  /// Joins an image tower and a text tower, in either order.
  ///
  /// - Throws: `cannotJoin` if both hold the same tower, if they embed into spaces of different dimensions, or if a
  ///   projection is missing, because without it the embeddings are not comparable.
  init(joining one: CLIPModel, _ other: CLIPModel) throws(ModelError) {
    let (image, text) = one.architecture.image == nil ? (other, one) : (one, other)
    guard let imageTower = image.architecture.image, image.architecture.text == nil,
      let textTower = text.architecture.text, text.architecture.image == nil
    else {
      throw ModelError(
        .cannotJoin, expected: "an image tower in one file and a text tower in the other",
        found: "\(one.source.fileName) with \(one.towers), \(other.source.fileName) with \(other.towers)")
    }
    guard let width = imageTower.projection, width == textTower.projection else {
      throw ModelError(
        .cannotJoin, expected: "projections to one dimension",
        found:
          "\(Self.dimension(imageTower.projection)) of images, \(Self.dimension(textTower.projection)) of texts"
      )
    }
    if let own = image.inheritedSpace, let its = text.inheritedSpace, own.compared(with: its) == .different {
      throw ModelError(
        .cannotJoin, expected: "two towers of one model",
        found: "\(image.source.fileName) and \(text.source.fileName), whose space ids differ")
    }
    let architecture = CLIPArchitecture(image: imageTower, text: textTower)
    guard image.scoreKind == text.scoreKind || image.scoreKind == nil || text.scoreKind == nil else {
      throw ModelError(
        .cannotJoin, expected: "one kind of score in both files",
        found: "one with a logit_bias (a sigmoid), one without (a softmax)")
    }
    let schema = ParameterSchema(architecture, score: text.scoreKind ?? image.scoreKind)
    let scores = (image: try image.score(), text: try text.score())
    self.init(
      architecture: architecture, preprocessing: image.preprocessing, tokenizer: text.tokenizer,
      schema: schema, decisions: image.decisions + text.decisions,
      accounting: Accounting(joining: image.accounting, text.accounting),
      notes: image.notes + text.notes + schema.notesOnLogitScale(architecture)
        + Self.notesOnScores(scores.image, scores.text),
      source: ModelSource(joining: image.source, text.source),
      inheritedSpace: SpaceID(joining: image.inheritedSpace, text.inheritedSpace),
      store: JoinedStore(image: image.store, text: text.store, textHasScore: text.scoreKind != nil))
  }

  private static func notesOnScores(_ image: Score?, _ text: Score?) -> [String] {
    guard let image, let text, image != text else { return [] }
    return [
      "the two files state different scores, and the text tower's is taken: \(text.summary), not \(image.summary)"
    ]
  }

  private var towers: String {
    switch (architecture.image != nil, architecture.text != nil) {
    case (true, true): "both towers"
    case (true, false): "an image tower"
    case (false, true): "a text tower"
    case (false, false): "no tower"
    }
  }

  private static func dimension(_ projection: Int?) -> String {
    projection.map(String.init) ?? "no projection"
  }
}

extension Score {
  fileprivate var summary: String {
    switch self {
    case .softmax(let logScale): "logit_scale \(logScale)"
    case .sigmoid(let logScale, let bias): "logit_scale \(logScale) and logit_bias \(bias)"
    }
  }
}

/// Reads each parameter from the model that has its tower; the score from the text tower's model if it has one.
private struct JoinedStore: ParameterStore {
  var image, text: any ParameterStore
  var textHasScore: Bool

  private func store(of parameter: Parameter) -> any ParameterStore {
    switch parameter.tower {
    case .image: image
    case .text: text
    case nil: textHasScore ? text : image
    }
  }

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    try store(of: parameter).read(parameter, from: first, into: output)
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    try store(of: parameter).withMappedValues(of: parameter, body)
  }

  func storedType(of parameter: Parameter) -> DType { store(of: parameter).storedType(of: parameter) }

  func origin(of parameter: Parameter) -> ParameterOrigin { store(of: parameter).origin(of: parameter) }

  func release(_ parameter: Parameter) { store(of: parameter).release(parameter) }
}

extension Accounting {
  fileprivate init(joining one: Accounting, _ other: Accounting) {
    self.init(usedCount: one.usedCount + other.usedCount)
    ignored = one.ignored + other.ignored
    missing = one.missing + other.missing
    unexpected = one.unexpected + other.unexpected
    mismatched = one.mismatched + other.mismatched
  }
}

extension SpaceID {
  /// The ids that two bundles state; nil if one of the models states none, and ids must be computed.
  fileprivate init?(joining image: SpaceID?, _ text: SpaceID?) {
    guard let image = image?.image, let text = text?.text else { return nil }
    self.init(image: image, text: text)
  }
}
