internal import Architecture
internal import Archives
internal import Checkpoints
internal import TokenizerFiles

/// All statements about one checkpoint, strongest source first: option, evidence, configuration, fingerprint, and
/// last the fixed properties of the library.
struct Statements {
  private var facts: StatedFacts
  /// Notes on ignored configurations.
  private var notes: [String] = []
  /// Configurations whose sizes belong to another model, but which would determine a setting.
  private var problems: [ModelError] = []
  private let tables: TableSearch

  init(
    _ checkpoint: Checkpoint, _ library: NamingConvention.Library, _ sizes: CLIPArchitecture,
    _ options: ModelOptions
  ) throws(ModelError) {
    let foreign = ForeignNeighbours(checkpoint.evidence, library)
    let evidence = foreign.evidence
    tables = TableSearch(evidence, options, library)
    facts = try StatedFacts.options(options, sizes: sizes)
    var overrides = Overrides(options: facts)
    let archive = StatedFacts.archive(evidence, sizes: sizes)
    overrides.compare(archive)
    facts.fill(from: archive)
    let keyed = try evidence.ggufMetadata.map { metadata throws(ModelError) in
      try StatedFacts.gguf(metadata, sizes: sizes)
    }
    let configurations = try Self.configurations(evidence, library, sizes)
    var contradictions = Contradictions(
      configurations + [keyed].compactMap { $0 }, sizes, architectureName: options.architectureName)
    if let keyed {
      overrides.compare(keyed)
      contradictions.fill(&facts, from: keyed)
    }
    if library == .kerasHub { facts.fill(from: .kerasHubKernels(checkpoint.tensors)) }
    if let graph = evidence.graph {
      let computed = StatedFacts.graph(graph, sizes: sizes)
      overrides.compare(computed)
      facts.fill(from: computed)
    }
    for configuration in configurations {
      try options.requireAgreement(with: configuration.tokenizer)
      overrides.compare(configuration)
      contradictions.fill(&facts, from: configuration)
    }
    if options.tokenizer != nil { try options.requireAgreement(with: VocabularyFiles.tokenizer(evidence)) }
    notes += overrides.notes + contradictions.notes
    problems = contradictions.problems
    if let config = evidence.huggingFaceConfig, library != .kerasHub,
      try !ConfigReader(config).isTransformersCLIP(of: sizes, isPart: evidence.strippedPrefix != nil)
    {
      notes.append("\(config.origin) is not used: it is not transformers' configuration of these towers")
    }
    if let names = foreign.names {
      notes.append("not used, because the tensors have another library's names: \(names)")
    }
    if sizes.text?.vocabularySize == OpenAIConvention.vocabularySize, facts.tokenizer == nil {
      facts.tokenizer = try VocabularyFiles.tokenizer(evidence)
    }
    if facts.isOpen(for: sizes), let digest = try Self.digest(of: checkpoint) {
      facts.fill(from: .fingerprint(digest, sizes: sizes))
    }
    facts.fill(from: .libraryDefaults(library, sizes: sizes))
  }

  /// The statements of each file. If configurations of both libraries exist, the one of the library that names the
  /// tensors comes first. A preprocessing file precedes the model's configuration file of the same library.
  private static func configurations(
    _ evidence: Evidence, _ library: NamingConvention.Library, _ sizes: CLIPArchitecture
  ) throws(ModelError) -> [StatedFacts] {
    var openCLIP = [StatedFacts(), StatedFacts()]
    if let config = evidence.openCLIPPreprocessing {
      openCLIP[0].preprocessing = try PreprocessingConfig.openCLIP(
        fields: ConfigReader(config), imageSize: sizes.image?.imageSize)
    }
    if let config = evidence.openCLIPConfig { openCLIP[1] = try .openCLIP(config, sizes: sizes) }
    var huggingFace = [StatedFacts(), StatedFacts()]
    // Like transformers 5, which writes only `processor_config.json` and leaves an older `preprocessor_config.json`
    // unchanged.
    let nested = try evidence.processorConfig.map(ConfigReader.init)?.object("image_processor")
    if let processor = nested ?? evidence.preprocessorConfig.map(ConfigReader.init) {
      huggingFace[0].preprocessing = try PreprocessingConfig.huggingFace(
        processor, imageSize: sizes.image?.imageSize)
      try huggingFace[0].readTransformersRules(
        processor, model: evidence.huggingFaceConfig.map(ConfigReader.init))
    }
    if let config = evidence.huggingFaceConfig {
      huggingFace[1] =
        try library == .kerasHub
        ? .kerasHub(config, sizes: sizes)
        : .huggingFace(config, sizes: sizes, isPart: evidence.strippedPrefix != nil)
    }
    switch library {
    case .openAI: return openCLIP + huggingFace
    case .huggingFace, .kerasHub: return huggingFace + openCLIP
    }
  }

  /// The SHA-256 of a checkpoint in one file; official files are single files.
  private static func digest(of checkpoint: Checkpoint) throws(ModelError) -> String? {
    guard checkpoint.files.count == 1, let file = checkpoint.files.first else { return nil }
    return try FileDigest.hex(of: [file.path])
  }

  /// Applies the statements to the sizes.
  func resolve(_ sizes: CLIPArchitecture) -> Resolution {
    var resolution = Resolution(architecture: sizes)
    resolution.undecided = problems
    if var image = sizes.image {
      resolution.decide(&image, facts.image)
      resolution.architecture.image = image
      resolution.decide(facts.preprocessing, facts.resizeBackend, facts.alpha)
    }
    if var text = sizes.text {
      resolution.decide(&text, facts.text)
      if let pooling = resolution.take(facts.pooling, "text.pooling", \.fieldText) {
        text.pooling = pooling
      } else {
        resolution.undecided.append(
          ModelError(.undecidedPooling, found: "a vocabulary of \(text.vocabularySize)"))
      }
      resolution.architecture.text = text
      resolution.requireIDs(facts, of: text)
      resolution.decideTokenizer(facts.tokenizer, text, tables)
    }
    resolution.scoreBias = facts.scoreBias
    resolution.notes += notes
    return resolution
  }
}

extension ModelOptions {
  /// - Throws: `unsupportedOption` if the user requests OpenAI's tokenizer, but a file next to the weights has
  ///   another one.
  fileprivate func requireAgreement(with stated: Stated<TokenizerKind>?) throws(ModelError) {
    guard tokenizer == .openAI, let stated, stated.value != .openAI else { return }
    var error = ModelError(
      .unsupportedOption, expected: "the tokenizer next to the weights",
      found: "--tokenizer openai: \(stated.detail)")
    error.remedy =
      "leave --tokenizer out and give token ids; OpenAI's tokenizer would give other ids for some texts"
    throw error
  }
}

extension StatedFacts {
  /// Whether the fingerprint of a published file could determine a missing setting.
  fileprivate func isOpen(for sizes: CLIPArchitecture) -> Bool {
    if sizes.image != nil, preprocessing == nil { return true }
    if sizes.image?.activation != nil, image.activation == nil || image.heads == nil { return true }
    return sizes.text != nil && (text.activation == nil || text.heads == nil || pooling == nil)
  }
}

/// The result of detection: values, their sources, and the settings that no source determines.
struct Resolution {
  var architecture: CLIPArchitecture
  var preprocessing: Preprocessing?
  var tokenizer = ModelTokenizer.none
  var scoreBias: Stated<Bool>?
  var decisions: [Decision] = []
  var notes: [String] = []
  var undecided: [ModelError] = []

  init(architecture: CLIPArchitecture) { self.architecture = architecture }

  /// Records a stated value and returns it.
  @discardableResult
  mutating func take<Value>(
    _ stated: Stated<Value>?, _ field: String, _ text: (Value) -> String
  ) -> Value? {
    guard let stated else { return nil }
    decisions.append(
      Decision(field: field, value: text(stated.value), source: stated.source, detail: stated.detail))
    return stated.value
  }

  mutating func decide(_ tower: inout ImageTower, _ facts: StatedFacts.TowerFacts) {
    if tower.activation != nil { decideActivation(facts.activation, "image").map { tower.activation = $0 } }
    decideHeads(facts.heads, width: tower.width, "image").map { tower.heads = $0 }
    take(facts.epsilon, "image.epsilon", \.description).map { tower.epsilon = $0 }
  }

  mutating func decide(_ tower: inout TextTower, _ facts: StatedFacts.TowerFacts) {
    decideActivation(facts.activation, "text").map { tower.stack.activation = $0 }
    decideHeads(facts.heads, width: tower.stack.width, "text").map { tower.stack.heads = $0 }
    take(facts.epsilon, "text.epsilon", \.description).map { tower.stack.epsilon = $0 }
  }

  private mutating func decideActivation(_ stated: Stated<Activation>?, _ tower: String) -> Activation? {
    guard let activation = take(stated, tower + ".activation", \.fieldText) else {
      undecided.append(ModelError(.undecidedActivation, found: "\(tower) tower"))
      return nil
    }
    return activation
  }

  private mutating func decideHeads(_ stated: Stated<Int>?, width: Int, _ tower: String) -> Int? {
    guard let heads = take(stated, tower + ".heads", \.description) else {
      undecided.append(
        ModelError(.undecidedHeads, found: "\(tower) tower of width \(width): \(Self.headChoices(width))"))
      return nil
    }
    guard heads > 0, width % heads == 0 else {
      undecided.append(
        ModelError(
          .headsDoNotDivide, expected: "a divisor of the width \(width)", found: "\(heads) heads (\(tower))"))
      return nil
    }
    return heads
  }

  /// The possible numbers of heads of a published model of this width.
  private static func headChoices(_ width: Int) -> String {
    let sizes = [64, 80, 88, 104, 112].filter { width % $0 == 0 }
    guard !sizes.isEmpty else { return "no usual head size divides it" }
    return sizes.map { "\(counted(width / $0, "head")) of \($0)" }.joined(separator: ", ")
  }

  /// Reports a pooling id, or a tokenizer's id, that is outside the token table.
  mutating func requireIDs(_ facts: StatedFacts, of text: TextTower) {
    let count = text.vocabularySize
    if let stated = facts.pooling, case .firstID(let id) = stated.value, id >= count {
      var error = ModelError(
        .unsupportedOption,
        expected: "an id of the \(counted(count, "row")) of the token table, 0 to \(count - 1)",
        found: "first:\(id) (\(stated.detail))")
      error.remedy =
        "give --pooling first:ID with the end-of-text id of this model's tokenizer, or --pooling highest"
      undecided.append(error)
    }
    if facts.tokenizer?.value == .openAI, count < OpenAIConvention.vocabularySize {
      var error = ModelError(
        .unsupportedOption, expected: "a token table of at least \(OpenAIConvention.vocabularySize) rows",
        found: "--tokenizer openai and \(counted(count, "row"))")
      error.remedy = "leave --tokenizer out: the bundle then takes token ids"
      undecided.append(error)
    }
  }

  /// OpenAI's tokenizer or none as stated; where no option says so, a table instead of none.
  mutating func decideTokenizer(_ stated: Stated<TokenizerKind>?, _ text: TextTower, _ tables: TableSearch) {
    if tables.isWanted(instead: stated) {
      do throws(ModelError) {
        switch try tables.outcome(text) {
        case .found(let table, let rules, let note):
          if let note { notes.append(note) }
          take(table, "tokenizer") { _ in TokenizerKind.table.fieldText }
          take(rules, "text.rules", \.rawValue)
          tokenizer = .table(table.value)
          return
        case .none(let reason): noteMissingTokenizer(stated, reason, text)
        }
      } catch {
        undecided.append(error)
      }
    }
    take(stated, "tokenizer", \.fieldText)
    tokenizer = stated?.value == .openAI ? .openAI : .none
  }

  /// Notes a model whose texts nobody can encode, and why.
  private mutating func noteMissingTokenizer(
    _ stated: Stated<TokenizerKind>?, _ reason: String?, _ text: TextTower
  ) {
    let isStated = stated?.source == .configuration
    if let reason = reason ?? (isStated ? stated?.detail : nil) {
      notes.append("the model gets no tokenizer and takes token ids only (\(reason))")
    } else if text.attendsPads {
      notes.append(
        "the model gets no tokenizer and takes token ids only: its spiece.model or tokenizer.json is not beside it; give --tokenizer FILE"
      )
    }
  }
}
