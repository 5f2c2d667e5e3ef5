internal import Architecture
internal import Archives
internal import Checkpoints

extension StatedFacts {
  /// `config.json` of transformers' CLIP or SigLIP. Absent fields have the defaults of `CLIPTextConfig` and
  /// `CLIPVisionConfig`, or of `SiglipTextConfig` and `SiglipVisionConfig`.
  ///
  /// - Parameter isPart: the towers are below a prefix, so the configuration can belong to a larger model.
  static func huggingFace(
    _ config: ConfigFile, sizes: CLIPArchitecture, isPart: Bool
  ) throws(ModelError) -> StatedFacts {
    let root = ConfigReader(config)
    guard try root.isTransformersCLIP(of: sizes, isPart: isPart) else { return StatedFacts() }
    let family = sizes.family
    if let type = try root.text("model_type"), !family.includes(modelType: type),
      let name = UnsupportedArchitecture.named(byModelType: type), try !root.statesTowers(of: sizes),
      sizes.text != nil || !UnsupportedArchitecture.hasImageTowerOfCLIP(modelType: type)
    {
      throw ModelError(.unsupportedArchitecture, found: "\(name) (\(root.location))", file: config.path)
    }
    var facts = StatedFacts()
    let isMetaCLIP2 = try root.text("model_type")?.hasPrefix("metaclip_2") ?? false
    if let image = sizes.image { try facts.readTower(root, "vision", width: image.width, family, \.image) }
    if let text = sizes.text {
      try facts.readTower(root, "text", width: text.stack.width, family, \.text)
      if family == .clip {
        facts.pooling =
          try isMetaCLIP2 ? root.statedPooling() : root.pooling(vocabularySize: text.vocabularySize)
      }
    }
    // A tower's own `projection_dim` is often an unused default; the one of a larger model is used.
    // SigLIP's towers state one each.
    let namesCLIP = try root.text("model_type")?.hasPrefix("clip") ?? (family == .clip)
    if namesCLIP || isMetaCLIP2, let dimension = try root.integer("projection_dim") {
      facts.sizes.append(
        StatedSize(field: .projection, value: dimension, detail: "\(root.location): projection_dim"))
    }
    return facts
  }

  private mutating func readTower(
    _ root: ConfigReader, _ kind: String, width: Int, _ family: ModelFamily,
    _ tower: WritableKeyPath<StatedFacts, TowerFacts>
  ) throws(ModelError) {
    let config = try root.effective(kind)
    self[keyPath: tower].heads = try config.heads(width: width, isText: kind == "text", family)
    self[keyPath: tower].activation = try config.activation(family)
    let epsilon = try config.number("layer_norm_eps")
    self[keyPath: tower].epsilon = Stated(
      epsilon.map { Float($0) } ?? family.epsilon, epsilon == nil ? .libraryDefault : .configuration,
      "\(config.location): layer_norm_eps")
    try addSizes(config, isText: kind == "text")
  }

  private mutating func addSizes(_ config: ConfigReader, isText: Bool) throws(ModelError) {
    let keys: [(String, StatedSize.Field)] =
      isText
      ? [
        ("hidden_size", .textWidth), ("num_hidden_layers", .textLayers),
        ("max_position_embeddings", .contextLength), ("vocab_size", .vocabularySize),
        ("intermediate_size", .textMLPWidth),
      ]
      : [
        ("hidden_size", .imageWidth), ("num_hidden_layers", .imageLayers), ("image_size", .imageSize),
        ("patch_size", .patchSize), ("intermediate_size", .imageMLPWidth),
      ]
    for (key, field) in keys {
      guard let value = try config.integer(key) else { continue }
      sizes.append(StatedSize(field: field, value: value, detail: "\(config.location): \(key)"))
    }
  }
}

extension ConfigReader {
  /// Whether transformers wrote this configuration for a CLIP: it has a `model_type`, an architecture whose name begins
  /// with `CLIP`, a `text_config` or a `vision_config`. For towers that are part of a larger model, a `model_type`
  /// other than CLIP's must come with a CLIP configuration for each of them. Only then do the library's defaults apply.
  func isTransformersCLIP(of sizes: CLIPArchitecture, isPart: Bool) throws(ModelError) -> Bool {
    if let type = try text("model_type") {
      guard isPart, UnsupportedArchitecture.named(byModelType: type) != nil else { return true }
      return try statesTowers(of: sizes)
    }
    let classes = (json["architectures"]?.arrayValue ?? []).compactMap(\.stringValue)
    if classes.contains(where: { $0.hasPrefix("CLIP") }) { return true }
    return json["text_config"]?.objectValue != nil || json["vision_config"]?.objectValue != nil
  }

  /// Whether a larger model's configuration (LLaVA, CLIPSeg, a dual encoder) contains a CLIP configuration for each
  /// of the towers.
  fileprivate func statesTowers(of sizes: CLIPArchitecture) throws(ModelError) -> Bool {
    let types = [
      (kind: "vision", isThere: sizes.image != nil, types: ["clip_vision_model", "clipseg_vision_model"]),
      (kind: "text", isThere: sizes.text != nil, types: ["clip_text_model", "clipseg_text_model"]),
    ]
    for tower in types where tower.isThere {
      let type = try object(tower.kind + "_config")?.text("model_type")
      guard let type, tower.types.contains(type) else { return false }
    }
    return true
  }

  /// The configuration of one tower. `text_config_dict`, a leftover of old versions, replaces `text_config` with all
  /// its values and defaults. A separately saved tower has its fields at the top.
  fileprivate func effective(_ kind: String) throws(ModelError) -> ConfigReader {
    if let leftover = try object(kind + "_config_dict") { return leftover }
    return try object(kind + "_config") ?? self
  }

  /// The stated number, or the library's default. The default applies only if the stated width (or else the default
  /// width) is the tower's; otherwise the heads are undecided.
  fileprivate func heads(width: Int, isText: Bool, _ family: ModelFamily) throws(ModelError) -> Stated<Int>? {
    let detail = "\(location): num_attention_heads"
    if let heads = try integer("num_attention_heads") { return Stated(heads, .configuration, detail) }
    let (heads, usualWidth) = isText && family == .clip ? (8, 512) : (12, 768)
    guard try integer("hidden_size") ?? usualWidth == width else { return nil }
    return Stated(heads, .libraryDefault, detail)
  }

  fileprivate func activation(_ family: ModelFamily) throws(ModelError) -> Stated<Activation> {
    let name = try text("hidden_act")
    let source: Decision.Source = name == nil ? .libraryDefault : .configuration
    switch name ?? family.defaultActivation {
    case "quick_gelu": return Stated(.quickGELU, source, "\(location): hidden_act")
    case "gelu": return Stated(.gelu, source, "\(location): hidden_act")
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast":
      return Stated(.geluTanh, source, "\(location): hidden_act")
    case let other: throw unsupported("hidden_act \(other)")
    }
  }

  /// `eos_token_id` 2 is a known error in all early CLIP configurations. transformers interprets it as the highest
  /// id.
  fileprivate func pooling(vocabularySize: Int) throws(ModelError) -> Stated<TextPooling>? {
    let config = try effective("text")
    guard let id = try config.integer("eos_token_id") else {
      // The default of `CLIPTextConfig` is 49407, the highest of OpenAI's ids.
      return vocabularySize == OpenAIConvention.vocabularySize
        ? Stated(.highestID, .libraryDefault, "\(config.location): eos_token_id") : nil
    }
    let isHighest = id == 2 || id == vocabularySize - 1
    return Stated(
      isHighest ? .highestID : .firstID(id), .configuration, "\(config.location): eos_token_id \(id)")
  }
}

extension ConfigReader {
  /// `MetaClip2TextModel` pools the first `eos_token_id`, also if that is 2. Nil if the configuration does not state it: the
  /// default, 49407, is a word of MetaCLIP 2's vocabularies.
  fileprivate func statedPooling() throws(ModelError) -> Stated<TextPooling>? {
    let config = try effective("text")
    return try config.integer("eos_token_id").map {
      Stated(.firstID($0), .configuration, "\(config.location): eos_token_id \($0)")
    }
  }
}

extension ModelFamily {
  /// The default of transformers' configuration classes.
  fileprivate var defaultActivation: String {
    switch self {
    case .clip: "quick_gelu"
    case .sigLIP: "gelu_pytorch_tanh"
    }
  }
}
