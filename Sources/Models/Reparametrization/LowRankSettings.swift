internal import Archives
internal import Checkpoints

/// The scale of LoRA updates, as stated by an adapter's configuration or by the user.
struct LowRankSettings {
  private var alpha: Double?
  private let isStatedByUser: Bool
  /// Whether the scale is divided by the square root of the rank instead of by the rank.
  private var isRankStabilized = false
  private(set) var replacesModules = false
  private(set) var notes: [String] = []

  /// - Throws: `badConfiguration`, or `unsupportedOption` for a kind of adapter with another formula.
  init(_ config: ConfigFile?, alpha stated: Float?) throws(ModelError) {
    alpha = stated.map(Double.init)
    isStatedByUser = stated != nil
    guard let config else { return }
    let reader = ConfigReader(config)
    if let type = try reader.text("peft_type"), type != "LORA" {
      throw Self.unsupported(reader, "peft_type \(type)")
    }
    try Self.keys.requireAll(of: reader)
    for key in Self.otherKinds where !(reader.json[key]?.isOff ?? true) {
      throw Self.unsupported(reader, key)
    }
    if let how = reader.json["init_lora_weights"]?.stringValue, how != "gaussian" {
      throw Self.unsupported(reader, "init_lora_weights \(how), which changes the base model too")
    }
    if let bias = try reader.text("bias"), bias != "none" { throw Self.unsupported(reader, "bias \(bias)") }
    isRankStabilized = try reader.bool("use_rslora") ?? false
    replacesModules = reader.json["modules_to_save"]?.arrayValue?.isEmpty == false
    let configured = try reader.number("lora_alpha")
    if let alpha, let configured, alpha != configured {
      notes.append("--lora-alpha \(alpha) replaces lora_alpha \(configured) of \(config.origin)")
    }
    alpha = alpha ?? configured
  }

  private static func unsupported(_ reader: ConfigReader, _ what: String) -> ModelError {
    var error = reader.unsupported(what)
    error.remedy = "merge the adapter into its base with peft (merge_and_unload) and give the result"
    return error
  }

  /// - Throws: `undecidedScale` if it is not stated.
  func scale(_ update: LowRankUpdate) throws(ModelError) -> Float {
    if update.alpha != nil {
      guard !isStatedByUser else {
        var error = ModelError(
          .unsupportedOption, found: "--lora-alpha, where the file states an alpha for each update",
          file: update.down.file)
        error.remedy = "leave --lora-alpha out: the file's own are used"
        throw error
      }
      return 0
    }
    guard let alpha else {
      throw ModelError(.undecidedScale, tensor: update.down.name, file: update.down.file)
    }
    let rank = Double(update.rank)
    return Float(alpha / (isRankStabilized ? rank.squareRoot() : rank))
  }

  // peft 0.21's `LoraConfig`.
  private static let keys = ConfigKeys(
    used: otherKinds.union([
      "peft_type", "lora_alpha", "use_rslora", "bias", "init_lora_weights", "modules_to_save", "r",
    ]),
    irrelevant: [
      "auto_mapping", "base_model_name_or_path", "exclude_modules", "inference_mode", "layers_pattern",
      "layers_to_transform", "lora_dropout", "megatron_config", "megatron_core", "peft_version",
      "qalora_group_size", "revision", "target_modules", "task_type", "ensure_weight_tying",
    ])

  /// Other formulas with the same matrices, and scales that differ between modules.
  private static let otherKinds: Set<String> = [
    "alora_invocation_tokens", "alpha_pattern", "arrow_config", "corda_config", "eva_config",
    "fan_in_fan_out",
    "kasa_config", "layer_replication", "loftq_config", "lora_bias", "lora_ga_config", "monteclora_config",
    "rank_pattern", "target_parameters", "trainable_token_indices", "use_bdlora", "use_dora", "use_qalora",
    "velora_config",
  ]
}

extension JSONValue {
  /// Null, false, or empty.
  fileprivate var isOff: Bool {
    switch self {
    case .null: true
    case .bool(let value): !value
    case .array(let values): values.isEmpty
    case .object(let object): object.members.isEmpty
    case .integer, .number, .string: false
    }
  }
}
