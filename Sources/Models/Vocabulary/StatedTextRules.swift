internal import Archives
internal import Checkpoints
internal import TokenizerFiles

/// The text rules that an option or a configuration states. No file of pieces records them.
struct StatedTextRules {
  var rules: Stated<PublishedRules>
  /// Nil if the source does not state it.
  var padToken: String?
  /// The configuration that the rules read; nil for rules that read none.
  var config: ConfigReader?

  /// What a configuration says about the text rules.
  enum Finding {
    case stated(StatedTextRules)
    /// A tokenizer that PocketCLIP does not have, with the reason.
    case unsupported(String)
    /// More than one set of rules is in use for such a configuration.
    case open(String)
  }

  /// Nil if neither an option nor a configuration names a tokenizer.
  ///
  /// - Parameter prefersOpenCLIP: whether open_clip's configuration comes before that of transformers.
  static func find(
    _ evidence: Evidence, option: PublishedRules?, prefersOpenCLIP: Bool, contextLength: Int
  ) throws(ModelError) -> Finding? {
    let config = evidence.tokenizerConfig.map(ConfigReader.init)
    if let option {
      return try stated(Stated(option, .option, "--text-rules"), config, contextLength: contextLength)
    }
    if prefersOpenCLIP, let finding = try openCLIP(evidence, config, contextLength) { return finding }
    if let config { return try transformers(config, contextLength: contextLength) }
    return try openCLIP(evidence, config, contextLength)
  }

  /// The rules, unless the configuration beside them asks for more than they do.
  private static func stated(
    _ rules: Stated<PublishedRules>, _ config: ConfigReader?, contextLength: Int
  ) throws(ModelError) -> Finding {
    guard let config, rules.value.readsConfiguration else {
      return .stated(try StatedTextRules(rules: rules, config: nil))
    }
    let side = try row(of: config)?.paddingSide ?? "right"
    let row = Class(rules: rules.value, paddingSide: side)
    if let difference = try TableKeys.difference(config, row, contextLength: contextLength) {
      return .unsupported("\(config.location): \(difference)")
    }
    return .stated(try StatedTextRules(rules: rules, config: config))
  }

  private init(rules: Stated<PublishedRules>, config: ConfigReader?) throws(ModelError) {
    self.rules = rules
    self.config = config
    padToken = try config?.token("pad_token")
  }

  /// `text_cfg.tokenizer_kwargs.clean` of `open_clip_config.json`.
  private static func openCLIP(
    _ evidence: Evidence, _ config: ConfigReader?, _ contextLength: Int
  ) throws(ModelError) -> Finding? {
    let root = evidence.openCLIPConfig.map(ConfigReader.init)
    guard let text = try root?.object("model_cfg")?.object("text_cfg"),
      let name = try text.text("hf_tokenizer_name"), !name.isEmpty
    else { return nil }
    let options = try text.object("tokenizer_kwargs")
    for member in options?.json.objectValue?.members ?? [] where member.key != "clean" {
      return .unsupported("\(text.location): tokenizer_kwargs.\(member.key)")
    }
    switch try options?.text("clean") {
    case "canonicalize":
      let detail = "\(text.location): tokenizer_kwargs.clean canonicalize"
      return try stated(
        Stated(.openCLIP, .configuration, detail), config, contextLength: contextLength)
    // open_clip then only strips and collapses white space, after ftfy.
    case let other: return .unsupported("\(text.location): \(name), cleaned by \(other ?? "whitespace")")
    }
  }

  /// `tokenizer_class` of `tokenizer_config.json`.
  private static func transformers(
    _ config: ConfigReader, contextLength: Int
  ) throws(ModelError) -> Finding? {
    guard let name = try config.text("tokenizer_class") else { return nil }
    // `VocabularyFiles` says why it is not OpenAI's.
    guard !name.hasPrefix("CLIPTokenizer") else { return nil }
    guard let row = try row(of: config) else {
      return .unsupported("\(config.location): tokenizer_class \(name)")
    }
    if row.rules == .pipeline, try config.bool("do_lower_case") == true {
      // The class ignores the field. Models beside it were trained on lower case.
      return .open("\(config.location): \(name) does not lower-case, but do_lower_case is true")
    }
    let detail = "\(config.location): tokenizer_class \(name)"
    return try stated(Stated(row.rules, .configuration, detail), config, contextLength: contextLength)
  }

  private static func row(of config: ConfigReader) throws(ModelError) -> Class? {
    guard let name = try config.text("tokenizer_class") else { return nil }
    return classes[name.hasSuffix("Fast") ? String(name.dropLast(4)) : name]
  }

  /// A tokenizer class of transformers.
  struct Class {
    var rules: PublishedRules
    /// Where the class pads if its configuration does not say.
    var paddingSide = "right"
  }

  private static let classes: [String: Class] = [
    "SiglipTokenizer": Class(rules: .siglip),
    "Siglip2Tokenizer": Class(rules: .siglip2, paddingSide: "left"),
    "GemmaTokenizer": Class(rules: .pipeline, paddingSide: "left"),
    "T5Tokenizer": Class(rules: .pipeline),
    "XLMRobertaTokenizer": Class(rules: .pipeline),
    "PreTrainedTokenizer": Class(rules: .pipeline),
    "TokenizersBackend": Class(rules: .pipeline),
  ]
}

extension PublishedRules {
  /// Whether the code that defines them reads `tokenizer_config.json`.
  fileprivate var readsConfiguration: Bool {
    switch self {
    case .siglip, .siglip2, .pipeline, .openCLIP: true
    case .bigVision: false
    }
  }
}

extension ConfigReader {
  /// A token's text, which old files write as an object.
  func token(_ key: String) throws(ModelError) -> String? {
    guard let value = json[key], value.objectValue != nil else { return try text(key) }
    return TableKeys.token(value)
  }
}
