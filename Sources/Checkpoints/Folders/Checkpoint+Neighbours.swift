internal import Archives

extension Checkpoint {
  /// Adds what configuration files in `folder` say; `origin` completes "config.json …" in reports.
  ///
  /// - Throws: when such a file is there but is no JSON, or its link leaves the model's folder.
  mutating func addEvidence(
    from folder: ModelFolder, origin: String, limits: Limits
  ) throws(ReadError) {
    guard format != .bundle else { return }
    evidence.openCLIPConfig = try configFile("open_clip_config.json", folder, origin, limits)
    evidence.huggingFaceConfig = try configFile("config.json", folder, origin, limits)
    evidence.preprocessorConfig = try configFile("preprocessor_config.json", folder, origin, limits)
    evidence.tokenizerConfig = try configFile("tokenizer_config.json", folder, origin, limits)
    for name in ["tokenizer.json", "vocab.json", "merges.txt"] {
      guard let file = try folder.mapIfPresent(name) else { continue }
      evidence.tokenizerFiles.append(SourceFile(path: file.path, byteCount: file.byteCount))
    }
    let statements = LicenceStatements(
      metadata: evidence.metadata, readme: try folder.mapIfPresent("README.md"))
    evidence.licence = statements.licence
    evidence.attribution = statements.attribution
  }

  private func configFile(
    _ name: String, _ folder: ModelFolder, _ origin: String, _ limits: Limits
  ) throws(ReadError) -> ConfigFile? {
    guard let file = try folder.mapIfPresent(name) else { return nil }
    do throws(ReadError) {
      let json = try JSONParser.parse(file.bytes, limits: limits)
      return ConfigFile(path: file.path, origin: "\(name) \(origin)", json: json)
    } catch {
      throw error.inFile(file.path)
    }
  }
}

/// Where a checkpoint states its licence and authors: safetensors metadata first, then a model card's front matter.
struct LicenceStatements {
  var licence: Statement?
  var attribution: Statement?

  private static let licenceKeys = ["license", "licence", "modelspec.license"]
  private static let attributionKeys = ["attribution", "author", "authors", "modelspec.author"]
  /// Bytes of a model card that are looked at; the front matter is its first few lines.
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

  /// `key: value` lines between the first two `---` of a model card. Not YAML: nested values are passed over.
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
