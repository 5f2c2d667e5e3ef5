internal import Architecture
internal import Archives
internal import Checkpoints

extension StatedFacts {
  /// `open_clip_config.json`: the model's configuration and its preprocessing. Absent fields have open_clip's
  /// defaults (`CLIPVisionCfg`, `CLIPTextCfg`, `PreprocessCfg`).
  static func openCLIP(
    _ config: ConfigFile, sizes: CLIPArchitecture
  ) throws(ModelError) -> StatedFacts {
    let root = ConfigReader(config)
    guard let model = try root.object("model_cfg") else {
      throw root.bad("model_cfg", "an object", nil)
    }
    if try model.object("multimodal_cfg") != nil {
      throw ModelError(.unsupportedArchitecture, found: "CoCa (\(model.location))", file: config.path)
    }
    try modelKeys.requireAll(of: model)
    var facts = StatedFacts()
    let usesQuickGELU = try model.bool("quick_gelu")
    let activation = Stated<Activation>(
      usesQuickGELU ?? false ? .quickGELU : .gelu,
      usesQuickGELU == nil ? .libraryDefault : .configuration, "\(model.location): quick_gelu")
    if let vision = try model.object("vision_cfg"), let image = sizes.image {
      try facts.readVision(vision, image, activation)
    }
    if let text = try model.object("text_cfg"), sizes.text != nil {
      try facts.readText(text, activation, sizes.family)
    }
    if let dimension = try model.integer("embed_dim") {
      facts.sizes.append(StatedSize(field: .projection, value: dimension, detail: model.location))
    }
    let bias = try model.number("init_logit_bias")
    facts.scoreBias = Stated(
      bias != nil, bias == nil ? .libraryDefault : .configuration, "\(model.location): init_logit_bias")
    facts.preprocessing = try PreprocessingConfig.openCLIP(root, imageSize: sizes.image?.imageSize)
    return facts
  }

  private mutating func readVision(
    _ vision: ConfigReader, _ tower: ImageTower, _ activation: Stated<Activation>
  ) throws(ModelError) {
    if let trunk = try vision.text("timm_model_name") {
      try readTrunk(trunk, vision, tower)
      return
    }
    try Self.visionKeys.requireAll(of: vision)
    try vision.refuseCustomBlocks()
    try vision.refuse(unless: "pos_embed_type", is: "learnable")
    try vision.refuse(unless: "pool_type", is: "tok")
    for flag in ["no_ln_pre", "attentional_pool", "final_ln_after_pool"] where try vision.bool(flag) == true {
      throw vision.unsupported(flag)
    }
    let headWidth = try vision.integer("head_width")
    guard headWidth ?? 64 > 0 else { throw vision.bad("head_width", "positive", vision.json["head_width"]) }
    image.heads = Stated(
      tower.width / (headWidth ?? OpenAIConvention.headSize),
      headWidth == nil ? .libraryDefault : .configuration, "\(vision.location): head_width")
    image.activation = try vision.activation(or: activation)
    image.epsilon = try vision.epsilon()
    try addSize(vision, "image_size", .imageSize)
    if vision.json["image_size"] == nil {
      // open_clip interpolates positions of another size to this one on loading.
      sizes.append(StatedSize(field: .imageSize, value: 224, detail: "\(vision.location) without image_size"))
    }
    try addSize(vision, "width", .imageWidth)
    // A number of layers means a Vision Transformer, an array means a ResNet.
    if let stages = vision.json["layers"]?.arrayValue {
      sizes.append(StatedSize(field: .imageStages, value: stages.count, detail: "\(vision.location): layers"))
    } else if tower.trunk.stack != nil {
      try addSize(vision, "patch_size", .patchSize)
      try addSize(vision, "layers", .imageLayers)
    } else if vision.json["layers"] != nil {
      sizes.append(StatedSize(field: .imageStages, value: 0, detail: "\(vision.location): layers"))
    }
  }

  /// A trunk of timm: of those with SigLIP's tensors, the one with the named size.
  private mutating func readTrunk(
    _ name: String, _ vision: ConfigReader, _ tower: ImageTower
  ) throws(ModelError) {
    guard let trunk = TimmTrunk(name), case .probe = tower.pool else {
      throw ModelError(.unsupportedArchitecture, found: "timm image trunk \(name)", file: vision.path)
    }
    try Self.trunkKeys.requireAll(of: vision)
    try vision.refuse(unless: "timm_pool", is: "map")
    try vision.refuse(unless: "timm_proj", is: "none")
    let detail = "\(vision.location): timm_model_name \(name)"
    image.heads = Stated(trunk.heads, .configuration, detail)
    image.activation = Stated(trunk.activation, .configuration, detail)
    sizes.append(StatedSize(field: .imageWidth, value: trunk.width, detail: detail))
    sizes.append(StatedSize(field: .patchSize, value: trunk.patchSize, detail: detail))
    try addSize(vision, "image_size", .imageSize)
  }

  private mutating func readText(
    _ config: ConfigReader, _ activation: Stated<Activation>, _ family: ModelFamily
  ) throws(ModelError) {
    if let encoder = try config.text("hf_model_name") {
      throw ModelError(
        .unsupportedArchitecture, found: "a Hugging Face text tower (\(encoder))", file: config.path)
    }
    try Self.textKeys.requireAll(of: config)
    try config.refuseCustomBlocks()
    for flag in ["embed_cls", "final_ln_after_pool"] where try config.bool(flag) == true {
      throw config.unsupported(flag)
    }
    for flag in ["no_causal_mask", "proj_bias"] where try config.bool(flag) ?? false != (family == .sigLIP) {
      throw config.unsupported("\(flag) \(family == .clip)")
    }
    try config.refuse(unless: "proj_type", is: "linear")
    let heads = try config.integer("heads")
    text.heads = Stated(
      heads ?? 8, heads == nil ? .libraryDefault : .configuration, "\(config.location): heads")
    text.activation = try config.activation(or: activation)
    text.epsilon = try config.epsilon()
    pooling = try config.pooling(family)
    tokenizer = try config.tokenizer()
    try addSize(config, "width", .textWidth)
    try addSize(config, "layers", .textLayers)
    try addSize(config, "context_length", .contextLength)
    try addSize(config, "vocab_size", .vocabularySize)
  }

  private mutating func addSize(
    _ config: ConfigReader, _ key: String, _ field: StatedSize.Field
  ) throws(ModelError) {
    guard let value = try config.integer(key) else { return }
    sizes.append(StatedSize(field: field, value: value, detail: "\(config.location): \(key)"))
  }
}

// Fields of open_clip 3.3's `CLIP`, `CLIPVisionCfg` and `CLIPTextCfg` (open_clip/model.py). Dropout, the MLP width
// (which the tensors show) and settings of unsupported trunks change nothing.
extension StatedFacts {
  private static let modelKeys = ConfigKeys(
    used: ["embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "multimodal_cfg", "init_logit_bias"],
    irrelevant: ["custom_text", "init_logit_scale", "nonscalar_logit_scale"])

  private static let visionKeys = ConfigKeys(
    used: blockKeys.union([
      "layers", "width", "head_width", "patch_size", "image_size", "attentional_pool", "no_ln_pre",
      "pos_embed_type", "final_ln_after_pool", "pool_type",
    ]),
    irrelevant: [
      "mlp_ratio", "patch_dropout", "attn_pooler_queries", "attn_pooler_heads", "output_tokens",
      "timm_model_name",
      "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path",
    ])

  private static let trunkKeys = ConfigKeys(
    used: ["timm_model_name", "timm_pool", "timm_proj", "image_size"],
    irrelevant: ["timm_model_pretrained", "timm_proj_bias", "timm_drop", "timm_drop_path"])

  private static let textKeys = ConfigKeys(
    used: blockKeys.union([
      "context_length", "vocab_size", "hf_tokenizer_name", "tokenizer_mode", "tokenizer_kwargs", "width",
      "heads",
      "layers", "embed_cls", "eos_id", "no_causal_mask", "final_ln_after_pool", "pool_type", "proj_bias",
      "proj_type",
    ]),
    irrelevant: [
      "mlp_ratio", "pad_id", "output_tokens", "hf_model_name", "hf_model_pretrained", "hf_proj_type",
      "hf_pooler_type",
    ])

  private static let blockKeys: Set<String> = [
    "act_kwargs", "norm_kwargs", "ls_init_value", "block_type", "qk_norm", "scaled_cosine_attn",
    "scale_heads",
    "scale_attn_inner", "scale_attn", "scale_fc",
  ]
}

extension ConfigReader {
  /// Options of open_clip's `CustomResidualAttentionBlock`, and layer scale.
  fileprivate func refuseCustomBlocks() throws(ModelError) {
    try refuse(unless: "block_type", is: "default")
    for flag in [
      "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc",
    ]
    where try bool(flag) == true {
      throw unsupported(flag)
    }
    if try number("ls_init_value") != nil { throw unsupported("ls_init_value") }
  }

  /// `none` if a field names another tokenizer than open_clip's `SimpleTokenizer` with lower-casing; nil if no field
  /// does.
  fileprivate func tokenizer() throws(ModelError) -> Stated<TokenizerKind>? {
    if let name = try text("hf_tokenizer_name"), !name.isEmpty {
      return Stated(.none, .configuration, "\(location): hf_tokenizer_name \(name)")
    }
    if let mode = try text("tokenizer_mode") {
      return Stated(.none, .configuration, "\(location): tokenizer_mode \(mode)")
    }
    guard let options = try object("tokenizer_kwargs") else { return nil }
    for member in options.json.objectValue?.members ?? [] {
      guard member.key == "clean", member.value.stringValue == "lower" else {
        return Stated(
          .none, .configuration, "\(options.location): \(member.key) \(member.value.brief), not ours")
      }
    }
    return nil
  }

  fileprivate func refuse(unless key: String, is accepted: String) throws(ModelError) {
    if let value = try text(key), value != accepted { throw unsupported("\(key) \(value)") }
  }

  /// `act_kwargs` can select GELU's approximation. QuickGELU has no such option.
  fileprivate func activation(or stated: Stated<Activation>) throws(ModelError) -> Stated<Activation> {
    guard stated.value == .gelu, let approximation = try object("act_kwargs")?.text("approximate") else {
      return stated
    }
    switch approximation {
    case "none": return Stated(.gelu, .configuration, "\(location): act_kwargs")
    case "tanh": return Stated(.geluTanh, .configuration, "\(location): act_kwargs")
    default: throw unsupported("act_kwargs approximate \(approximation)")
    }
  }

  fileprivate func epsilon() throws(ModelError) -> Stated<Float> {
    guard let value = try object("norm_kwargs")?.number("eps") else {
      return Stated(OpenAIConvention.epsilon, .libraryDefault, "\(location): norm_kwargs")
    }
    return Stated(Float(value), .configuration, "\(location): norm_kwargs")
  }

  fileprivate func pooling(_ family: ModelFamily) throws(ModelError) -> Stated<TextPooling> {
    let kind = try text("pool_type")
    let source: Decision.Source = kind == nil ? .libraryDefault : .configuration
    switch kind ?? "argmax" {
    case "argmax": return Stated(.highestID, source, "\(location): pool_type")
    case "eos": return Stated(.firstID(try integer("eos_id") ?? 2), source, "\(location): pool_type")
    case "last" where family == .sigLIP: return Stated(.last, source, "\(location): pool_type")
    case let other: throw unsupported("pool_type \(other)")
    }
  }
}
