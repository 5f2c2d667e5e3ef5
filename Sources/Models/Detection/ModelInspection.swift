public import Architecture
internal import BundleFormat
public import Checkpoints

/// Everything detected about a checkpoint. `inspect` prints it; `CLIPModel` is built from it.
public struct ModelInspection: Sendable {
  public let checkpoint: Checkpoint
  /// The naming convention of the tensors: `OpenAI`, `Hugging Face`, ….
  public let convention: String
  /// Sizes from the tensors, other settings as decided. Undecided fields hold placeholders and are listed in
  /// `problems`.
  public let architecture: CLIPArchitecture
  public let preprocessing: Preprocessing?
  public let tokenizer: ModelTokenizer
  public let decisions: [Decision]
  public let accounting: Accounting
  /// Notes for the user, one sentence each.
  public let notes: [String]
  /// Problems that prevent running the model, most fundamental first; empty if there are none.
  public let problems: [ModelError]

  /// Nil for a source without a scale.
  public var scoreKind: Score.Kind? { schema.scoreKind }

  /// The tower ids that a bundle states for its source checkpoint.
  let inheritedSpace: SpaceID?
  let schema: ParameterSchema
  let store: any ParameterStore

  /// Reads names, shapes and configurations. Reads weights only if the SHA-256 of the file is needed for a decision.
  ///
  /// - Throws: if the checkpoint is not a supported CLIP: `notCLIP`, `unsupportedArchitecture`,
  ///   `unsupportedOption`, `impossibleShape`, contradictory options.
  public init(_ checkpoint: Checkpoint, options: ModelOptions = ModelOptions()) throws(ModelError) {
    do throws(ModelError) {
      if let bundle = checkpoint.bundle {
        try self.init(checkpoint, bundle: bundle, options: options)
        return
      }
      var checkpoint = checkpoint
      try checkpoint.prepare(options)
      if let refusal = UnsupportedArchitecture.refusal(
        of: checkpoint.tensors, checkpoint.evidence.ggufMetadata, options.tower)
      {
        throw refusal
      }
      var bindings = try TensorBindings(checkpoint)
      var sizes = try Self.sizes(bindings, options)
      let imageSize = try sizes.statedImageSize(checkpoint.evidence, options)
      if let imageSize { sizes.image?.imageSize = imageSize.value }
      let dropped = options.tower.map { bindings.keep($0) } ?? []
      let statements = try Statements(checkpoint, bindings.convention.library, sizes, options)
      var resolution = statements.resolve(sizes)
      resolution.take(imageSize, "image.size", \.description)
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
        problems: (accounting.problems + score.problems + resolution.undecided).map {
          $0.inFile(path).advised(for: resolution.architecture.family)
        },
        inheritedSpace: nil, schema: schema, store: CheckpointStore(bindings, schema: schema))
    } catch {
      throw error.inFile(checkpoint.files.first?.path ?? "")
    }
  }

  init(
    checkpoint: Checkpoint, convention: String, architecture: CLIPArchitecture,
    preprocessing: Preprocessing?, tokenizer: ModelTokenizer, decisions: [Decision], accounting: Accounting,
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
        throw ArchitectureCatalogue.unknown(name)
      }
      try sizes.requireSizes(of: named, name)
    }
    return sizes
  }
}

extension CLIPArchitecture {
  /// - Throws: `architectureContradictsTensors` with the first size that differs.
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
      if field == .imageSize, let size = named.image?.imageSize, fits(imageSize: size) { continue }
      guard let found = size(field), let expected = named.size(field), found != expected else { continue }
      throw ModelError(
        .architectureContradictsTensors, expected: "\(field.rawValue) \(expected) of \(name)",
        found: "\(found)")
    }
  }
}

extension CLIPArchitecture {
  /// A single tower may lack its projection. Two towers need both, because they share one space.
  fileprivate var missingProjections: [String] {
    guard let image, let text else { return [] }
    return (image.outputsEmbedding ? [] : ["visual.proj"])
      + (text.projection == nil ? ["text_projection"] : [])
  }
}

extension CLIPArchitecture {
  /// A single tower without projection, as in some transformers classes, embeds into a space of its own.
  fileprivate var notesOnProjection: [String] {
    let bare = [image.map { ("image", $0.outputsEmbedding) }, text.map { ("text", $0.projection != nil) }]
      .compactMap { $0 }.filter { !$0.1 }
    return bare.map {
      "the \($0.0) tower has no projection: its vectors are pooled hidden states, which cannot be compared with another tower's"
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
  /// Notes two towers without a logit scale. A single tower needs none.
  func notesOnLogitScale(_ architecture: CLIPArchitecture) -> [String] {
    guard architecture.image != nil, architecture.text != nil,
      scoreKind == nil
    else { return [] }
    return ["the file has no logit_scale: vectors do not need it, and `classify` uses 100"]
  }
}
