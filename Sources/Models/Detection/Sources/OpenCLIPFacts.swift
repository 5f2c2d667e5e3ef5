internal import Architecture
internal import Archives
internal import Checkpoints

extension StatedFacts {
  /// `open_clip_config.json`: the model's configuration and its preprocessing, with open_clip's defaults
  /// (`CLIPVisionCfg`, `CLIPTextCfg`, `PreprocessCfg`) for what it leaves out.
  static func openCLIP(
    _ config: ConfigFile, sizes: CLIPArchitecture
  ) throws(ModelError) -> StatedFacts {
    let root = ConfigReader(config)
    guard let model = try root.object("model_cfg") else {
      throw root.bad("model_cfg", "an object", nil)
    }
    if try model.object("multimodal_cfg") != nil {
      throw ModelError(.unsupportedArchitecture, found: "CoCa (\(model.place))", file: config.path)
    }
    var facts = StatedFacts()
    let usesQuickGELU = try model.bool("quick_gelu")
    let activation = Stated<Activation>(
      usesQuickGELU ?? false ? .quickGELU : .gelu,
      usesQuickGELU == nil ? .libraryDefault : .configuration, "\(model.place): quick_gelu")
    if let vision = try model.object("vision_cfg"), let image = sizes.image {
      try facts.readVision(vision, image, activation)
    }
    if let text = try model.object("text_cfg"), sizes.text != nil { try facts.readText(text, activation) }
    if let dimension = try model.integer("embed_dim") {
      facts.sizes.append(StatedSize(field: .projection, value: dimension, detail: model.place))
    }
    facts.preprocessing = try PreprocessingConfig.openCLIP(root)
    return facts
  }

  private mutating func readVision(
    _ vision: ConfigReader, _ tower: ImageTower, _ activation: Stated<Activation>
  ) throws(ModelError) {
    if let trunk = try vision.text("timm_model_name") {
      throw ModelError(.unsupportedArchitecture, found: "timm image trunk \(trunk)", file: vision.path)
    }
    try vision.refuse(unless: "pool_type", is: "tok")
    for flag in ["no_ln_pre", "attentional_pool", "final_ln_after_pool"] where try vision.bool(flag) == true {
      throw vision.unsupported(flag)
    }
    if try vision.number("ls_init_value") != nil { throw vision.unsupported("ls_init_value") }
    let headWidth = try vision.integer("head_width")
    guard headWidth ?? 64 > 0 else { throw vision.bad("head_width", "positive", vision.json["head_width"]) }
    image.heads = Stated(
      tower.attentionWidth / (headWidth ?? OpenAIConvention.headSize),
      headWidth == nil ? .libraryDefault : .configuration, "\(vision.place): head_width")
    image.activation = try vision.activation(or: activation)
    image.epsilon = try vision.epsilon()
    try addSize(vision, "image_size", .imageSize)
    if case .visionTransformer = tower {
      try addSize(vision, "patch_size", .patchSize)
      try addSize(vision, "width", .imageWidth)
      try addSize(vision, "layers", .imageLayers)
    }
  }

  private mutating func readText(
    _ config: ConfigReader, _ activation: Stated<Activation>
  ) throws(ModelError) {
    if let encoder = try config.text("hf_model_name") {
      throw ModelError(
        .unsupportedArchitecture, found: "a Hugging Face text tower (\(encoder))", file: config.path)
    }
    for flag in ["no_causal_mask", "embed_cls", "proj_bias"] where try config.bool(flag) == true {
      throw config.unsupported(flag)
    }
    try config.refuse(unless: "proj_type", is: "linear")
    let heads = try config.integer("heads")
    text.heads = Stated(
      heads ?? 8, heads == nil ? .libraryDefault : .configuration, "\(config.place): heads")
    text.activation = try config.activation(or: activation)
    text.epsilon = try config.epsilon()
    pooling = try config.pooling()
    try addSize(config, "width", .textWidth)
    try addSize(config, "layers", .textLayers)
    try addSize(config, "context_length", .contextLength)
    try addSize(config, "vocab_size", .vocabularySize)
  }

  private mutating func addSize(
    _ config: ConfigReader, _ key: String, _ field: StatedSize.Field
  ) throws(ModelError) {
    guard let value = try config.integer(key) else { return }
    sizes.append(StatedSize(field: field, value: value, detail: "\(config.place): \(key)"))
  }
}

extension ConfigReader {
  fileprivate func refuse(unless key: String, is accepted: String) throws(ModelError) {
    if let value = try text(key), value != accepted { throw unsupported("\(key) \(value)") }
  }

  /// GELU's approximation may be asked for in `act_kwargs`; QuickGELU has none.
  fileprivate func activation(or stated: Stated<Activation>) throws(ModelError) -> Stated<Activation> {
    guard stated.value == .gelu, let approximation = try object("act_kwargs")?.text("approximate") else {
      return stated
    }
    switch approximation {
    case "none": return Stated(.gelu, .configuration, "\(place): act_kwargs")
    case "tanh": return Stated(.geluTanh, .configuration, "\(place): act_kwargs")
    default: throw unsupported("act_kwargs approximate \(approximation)")
    }
  }

  fileprivate func epsilon() throws(ModelError) -> Stated<Float> {
    guard let value = try object("norm_kwargs")?.number("eps") else {
      return Stated(OpenAIConvention.epsilon, .libraryDefault, "\(place): norm_kwargs")
    }
    return Stated(Float(value), .configuration, "\(place): norm_kwargs")
  }

  fileprivate func pooling() throws(ModelError) -> Stated<TextPooling> {
    let kind = try text("pool_type")
    let source: Decision.Source = kind == nil ? .libraryDefault : .configuration
    switch kind ?? "argmax" {
    case "argmax": return Stated(.highestID, source, "\(place): pool_type")
    case "eos": return Stated(.firstID(try integer("eos_id") ?? 2), source, "\(place): pool_type")
    case let other: throw unsupported("pool_type \(other)")
    }
  }
}
