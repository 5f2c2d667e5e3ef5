internal import Archives

extension Checkpoint {
  /// Adds evidence from configuration files in the checkpoint's own folder, or in its parent folder. They are part of
  /// the checkpoint, so an invalid one is an error. Existing evidence is not replaced.
  mutating func addEvidence(from folder: ModelFolder, limits: Limits) throws(ReadError) {
    for name in ConfigName.allCases where evidence[keyPath: name.evidence] == nil {
      try addConfig(name, folder, origin: "in the folder", limits)
    }
    try addTokenizerAndCard(folder)
    try addPipelineTokenizer(folder, limits: limits)
  }

  /// diffusers saves the tokenizer of `text_encoder` in the folder `tokenizer` next to it, that of `text_encoder_2`
  /// in `tokenizer_2`.
  private mutating func addPipelineTokenizer(_ folder: ModelFolder, limits: Limits) throws(ReadError) {
    let encoder = "text_encoder"
    let name = Folder.lastComponent(of: folder.path)
    guard name.hasPrefix(encoder), evidence.tokenizerFiles.isEmpty, evidence.tokenizerConfig == nil else {
      return
    }
    let path = Folder.join(Folder.parent(of: folder.path), "tokenizer" + name.dropFirst(encoder.count))
    guard Folder.hasFolder(path) else { return }
    try addConfig(.tokenizer, ModelFolder(path), origin: "in the tokenizer's folder", limits)
    try addTokenizerAndCard(ModelFolder(path))
  }

  /// Adds evidence from configuration files next to a single file. They may belong to something else, so an invalid
  /// one is skipped with a note.
  mutating func addNeighbours(of path: String, limits: Limits) {
    guard format != .bundle else { return noteAdapter(in: ModelFolder(containing: path)) }
    for (distance, folder) in ModelFolder.describing(path).enumerated() {
      addNeighbours(folder, distance == 0 ? "beside the file" : "above the file", limits)
    }
  }

  /// A bundle states everything itself, so an adapter next to it has no effect, which a note says.
  private mutating func noteAdapter(in folder: ModelFolder) {
    guard Folder.hasFile(folder.pathOf(ConfigName.adapter.rawValue)) else { return }
    do throws(ReadError) {
      try addAdapterFile(folder)
    } catch {
      notes.append("the adapter beside the bundle is not used: \(error.description)")
    }
  }

  /// A nearer folder's evidence is not replaced.
  private mutating func addNeighbours(_ folder: ModelFolder, _ location: String, _ limits: Limits) {
    for name in ConfigName.allCases where evidence[keyPath: name.evidence] == nil {
      do throws(ReadError) {
        try addConfig(name, folder, origin: location, limits)
      } catch {
        notes.append("\(name.rawValue) \(location) is not used: \(error.description)")
      }
    }
    guard evidence.tokenizerFiles.isEmpty else { return }
    do throws(ReadError) {
      try addTokenizerAndCard(folder)
    } catch {
      notes.append("tokenizer files or README.md \(location) are not used: \(error.description)")
    }
  }

  private enum ConfigName: String, CaseIterable {
    case openCLIP = "open_clip_config.json"
    case huggingFace = "config.json"
    case preprocessor = "preprocessor_config.json"
    case processor = "processor_config.json"
    case adapter = "adapter_config.json"
    case openCLIPPreprocessing = "preprocess_cfg.json"
    case tokenizer = "tokenizer_config.json"

    var evidence: WritableKeyPath<Evidence, ConfigFile?> {
      switch self {
      case .openCLIP: \.openCLIPConfig
      case .huggingFace: \.huggingFaceConfig
      case .preprocessor: \.preprocessorConfig
      case .processor: \.processorConfig
      case .adapter: \.adapterConfig
      case .openCLIPPreprocessing: \.openCLIPPreprocessing
      case .tokenizer: \.tokenizerConfig
      }
    }
  }

  private mutating func addConfig(
    _ name: ConfigName, _ folder: ModelFolder, origin: String, _ limits: Limits
  ) throws(ReadError) {
    guard let file = try folder.mapIfPresent(name.rawValue) else { return }
    do throws(ReadError) {
      limits.admit(file)
      let json = try JSONParser.parse(file.bytes, limits: limits)
      let config = ConfigFile(path: file.path, origin: "\(name.rawValue) \(origin)", json: json)
      if name == .huggingFace, let model = config.asOpenCLIP {
        evidence.openCLIPConfig = evidence.openCLIPConfig ?? model
      } else {
        evidence[keyPath: name.evidence] = config
      }
      if name == .adapter { try addAdapterFile(folder) }
    } catch {
      throw error.inFile(file.path)
    }
  }

  private mutating func addAdapterFile(_ folder: ModelFolder) throws(ReadError) {
    for name in FolderCandidate.adapterNames where evidence.adapterFile == nil {
      guard let file = try folder.mapIfPresent(name), !files.contains(where: { $0.path == file.path }) else {
        continue
      }
      evidence.adapterFile = SourceFile(path: file.path, byteCount: file.byteCount)
    }
  }

  private mutating func addTokenizerAndCard(_ folder: ModelFolder) throws(ReadError) {
    let hasTokenizer = !evidence.tokenizerFiles.isEmpty
    for name in Evidence.tokenizerFileNames where !hasTokenizer {
      guard let file = try folder.mapIfPresent(name) else { continue }
      evidence.tokenizerFiles.append(SourceFile(path: file.path, byteCount: file.byteCount))
    }
    let statements = LicenceStatements(
      metadata: evidence.metadata, readme: try folder.mapIfPresent("README.md"))
    evidence.licence = evidence.licence ?? statements.licence
    evidence.attribution = evidence.attribution ?? statements.attribution
  }
}

extension ConfigFile {
  /// open_clip's model configuration, which Immich and PocketCLIP's own exports name `config.json`, in the form that
  /// `open_clip_config.json` has for `model_cfg`; nil for any other file.
  fileprivate var asOpenCLIP: ConfigFile? {
    guard json["vision_cfg"]?.objectValue != nil || json["text_cfg"]?.objectValue != nil,
      json["embed_dim"] != nil, json["model_type"] == nil
    else { return nil }
    var wrapped = JSONObject()
    _ = wrapped.append(JSONObject.Member(key: "model_cfg", value: json, byteOffset: 0))
    return ConfigFile(path: path, origin: origin, json: .object(wrapped))
  }
}

/// Where a checkpoint states its licence and authors: safetensors metadata first, then a model card's front matter.
struct LicenceStatements {
  var licence: Statement?
  var attribution: Statement?

  private static let licenceKeys = ["license", "licence", "modelspec.license"]
  private static let attributionKeys = ["attribution", "author", "authors", "modelspec.author"]
  /// Bytes of a model card that are searched. The front matter is its first few lines.
  private static let frontMatterBytes = 65_536

  init(metadata: [(key: String, value: String)], readme: MappedFile?) {
    func inMetadata(_ keys: [String]) -> Statement? {
      metadata.first { keys.contains($0.key) }.map {
        Statement(text: $0.value, origin: "safetensors metadata")
      }
    }
    let card = readme.map(Self.frontMatter) ?? []
    func inCard(_ keys: [String]) -> Statement? {
      card.first { keys.contains($0.key) }.map { Statement(text: $0.value, origin: "README.md") }
    }
    licence = inMetadata(Self.licenceKeys) ?? inCard(Self.licenceKeys)
    attribution = inMetadata(Self.attributionKeys) ?? inCard(Self.attributionKeys)
  }

  /// `key: value` lines between the first two `---` of a model card. Not a YAML parser: nested values are ignored.
  private static func frontMatter(_ file: MappedFile) -> [(key: String, value: String)] {
    let text = file.bytes.withUnsafeBytes { String(decoding: $0.prefix(frontMatterBytes), as: UTF8.self) }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard lines.first == "---" else { return [] }
    var pairs: [(key: String, value: String)] = []
    for line in lines.dropFirst() {
      if line == "---" { return pairs }
      guard let colon = line.firstIndex(of: ":"), line.first?.isLetter == true else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
        .filter { $0 != "\"" && $0 != "'" }
      if !value.isEmpty { pairs.append((String(line[..<colon]), String(value))) }
    }
    return []
  }
}
