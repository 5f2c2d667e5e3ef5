public import Architecture
internal import BundleFormat
public import Checkpoints

/// What a checkpoint is, as far as it can be told: the whole story for `inspect`, and the only way to a `CLIPModel`.
public struct ModelInspection: Sendable {
  public let checkpoint: Checkpoint
  /// The naming convention of the tensors: `OpenAI`, `Hugging Face`, ….
  public let convention: String
  /// Sizes from the tensors, the rest as decided; undecided fields hold placeholders while `problems` names them.
  public let architecture: CLIPArchitecture
  public let preprocessing: Preprocessing?
  public let tokenizer: TokenizerKind
  public let decisions: [Decision]
  public let accounting: Accounting
  /// Things a user should be told, one sentence each.
  public let notes: [String]
  /// Why it cannot be run, most fundamental first; empty when it can.
  public let problems: [ModelError]

  /// Nil for a source without a scale.
  public var scoreKind: Score.Kind? { schema.scoreKind }

  /// Tower ids that a bundle states for the checkpoint it was made from.
  let inheritedSpace: SpaceID?
  let schema: ParameterSchema
  let store: any ParameterStore

  /// Looks at names, shapes and configurations; touches no weight unless the SHA-256 of the file must decide.
  ///
  /// - Throws: what makes the checkpoint no CLIP that this version knows: `notCLIP`, `unsupportedArchitecture`,
  ///   `unsupportedOption`, `impossibleShape`, contradictory options.
  public init(_ checkpoint: Checkpoint, options: ModelOptions = ModelOptions()) throws(ModelError) {
    do throws(ModelError) {
      if let bundle = checkpoint.bundle {
        try self.init(checkpoint, bundle: bundle, options: options)
        return
      }
      var checkpoint = checkpoint
      try checkpoint.prepare(options)
      if let refusal = UnsupportedArchitecture.refusal(of: checkpoint.tensors, options.tower) {
        throw refusal
      }
      var bindings = try TensorBindings(checkpoint)
      let sizes = try Self.sizes(bindings, options)
      let dropped = options.tower.map { bindings.keep($0) } ?? []
      let statements = try Statements(checkpoint, bindings.convention.library, sizes, options)
      let resolution = statements.resolve(sizes)
      let score = ScoreDetection(bindings, stated: resolution.scoreBias, resolution.architecture)
      let schema = ParameterSchema(resolution.architecture, score: score.kind)
      var accounting = Accounting(bindings, schema: schema, checkpoint: checkpoint, dropped: dropped)
      accounting.missing += sizes.missingProjections
      let path = checkpoint.files.first?.path ?? ""
      self.init(
        checkpoint: checkpoint, convention: bindings.convention.name, architecture: resolution.architecture,
        preprocessing: resolution.preprocessing, tokenizer: resolution.tokenizer,
        decisions: resolution.decisions + score.decisions, accounting: accounting,
        notes: checkpoint.notes + resolution.notes + score.notes + Accounting.notes(on: dropped)
          + schema.notesOnLogitScale(resolution.architecture) + resolution.architecture.notesOnProjection,
        problems: (accounting.problems + score.problems + resolution.undecided).map { $0.inFile(path) },
        inheritedSpace: nil, schema: schema, store: CheckpointStore(bindings, schema: schema))
    } catch {
      throw error.inFile(checkpoint.files.first?.path ?? "")
    }
  }

  init(
    checkpoint: Checkpoint, convention: String, architecture: CLIPArchitecture,
    preprocessing: Preprocessing?, tokenizer: TokenizerKind, decisions: [Decision], accounting: Accounting,
    notes: [String], problems: [ModelError], inheritedSpace: SpaceID?, schema: ParameterSchema,
    store: any ParameterStore
  ) {
    self.checkpoint = checkpoint
    self.convention = convention
    self.architecture = architecture
    self.preprocessing = preprocessing
    self.tokenizer = tokenizer
    self.decisions = decisions
    self.accounting = accounting
    self.notes = notes
    self.problems = problems
    self.inheritedSpace = inheritedSpace
    self.schema = schema
    self.store = store
  }

  private static func sizes(
    _ bindings: TensorBindings, _ options: ModelOptions
  ) throws(ModelError) -> CLIPArchitecture {
    let sizes = try ShapeDetection(bindings: bindings, tower: options.tower).architecture()
    if let name = options.architectureName {
      guard let named = ArchitectureCatalogue.architecture(named: name) else {
        throw ModelError(.unknownArchitectureName, found: name)
      }
      try sizes.requireSizes(of: named, name)
    }
    return sizes
  }
}

extension CLIPArchitecture {
  /// - Throws: `architectureContradictsTensors` naming the first size that differs.
  fileprivate func requireSizes(of named: CLIPArchitecture, _ name: String) throws(ModelError) {
    if let image, image.trunk.kindName != named.image?.trunk.kindName {
      throw ModelError(
        .architectureContradictsTensors, expected: "the image tower of \(name)",
        found: "a " + image.trunk.kindName)
    }
    let fields: [StatedSize.Field] = [
      .imageSize, .patchSize, .imageWidth, .imageLayers, .textWidth, .textLayers, .contextLength,
      .vocabularySize,
    ]
    for field in fields {
      guard let found = size(field), let expected = named.size(field), found != expected else { continue }
      throw ModelError(
        .architectureContradictsTensors, expected: "\(field.rawValue) \(expected) of \(name)",
        found: "\(found)")
    }
  }
}

extension CLIPArchitecture {
  /// A tower without its projection is valid alone; two towers meet in one space, or a projection is lost.
  fileprivate var missingProjections: [String] {
    guard let image, let text else { return [] }
    return (image.projection == nil ? ["visual.proj"] : [])
      + (text.projection == nil ? ["text_projection"] : [])
  }
}

extension CLIPArchitecture {
  /// A tower alone may have no projection, as transformers' classes without one: then it embeds into a space of its own.
  fileprivate var notesOnProjection: [String] {
    let bare = [image.map { ("image", $0.projection) }, text.map { ("text", $0.projection) }]
      .compactMap { $0 }.filter { $0.1 == nil }
    return bare.map {
      "the \($0.0) tower has no projection: its vectors are its pooled states, and meet no other tower's"
    }
  }
}

extension ImageTrunk {
  fileprivate var kindName: String {
    switch self {
    case .patches: "Vision Transformer"
    case .resNet: "ResNet"
    }
  }
}

extension ParameterSchema {
  /// Two towers without a scale between them; one tower alone has nothing to scale.
  func notesOnLogitScale(_ architecture: CLIPArchitecture) -> [String] {
    guard architecture.image != nil, architecture.text != nil,
      scoreKind == nil
    else { return [] }
    return ["the file has no logit_scale: vectors do not need it, and `classify` takes 100"]
  }
}
