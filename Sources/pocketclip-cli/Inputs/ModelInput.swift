import Architecture
import Archives
import ArgumentParser
import Checkpoints
import Models
import TokenizerFiles

/// What to read, and settings that the file may not record.
struct ModelInputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The architecture's name, such as ViT-B-32 or ViT-B-32-quickgelu. Sets activation, heads and epsilon.",
      valueName: "name"))
  var architecture: String?

  @Option(
    help: ArgumentHelp(
      "The MLPs' activation: quickgelu, gelu or gelu_tanh. IMAGE,TEXT if the towers differ.",
      valueName: "name"))
  var activation: String?

  @Option(help: ArgumentHelp("Attention heads. IMAGE,TEXT if the towers differ.", valueName: "number"))
  var heads: String?

  @Option(help: ArgumentHelp("LayerNorm's epsilon. IMAGE,TEXT if the towers differ.", valueName: "number"))
  var epsilon: String?

  @Option(
    help: ArgumentHelp(
      "How to preprocess images: openai, or a preprocessor_config.json or open_clip_config.json.",
      valueName: "openai|file"))
  var preprocess: String?

  @Option(
    help: ArgumentHelp(
      "Whose resize to reproduce: pillow (OpenAI, open_clip, transformers' slow processors), torchvision "
        + "(transformers' fast processors) or torchvision_float (bilinear as in torchvision up to 0.23 on AVX-512).",
      valueName: "backend"))
  var resizeBackend: String?

  @Option(
    help: ArgumentHelp(
      "How to handle transparency. drop: ignore it (OpenAI, open_clip, transformers before 5.21). white: put the image "
        + "on white before resizing (transformers 5.21 and later).",
      valueName: "drop|white"))
  var alpha: String?

  @Option(
    help: ArgumentHelp(
      "Which position represents a text: highest (that of the highest token id, as in OpenAI and open_clip), last (SigLIP), or first:ID "
        + "(that of the first such id).",
      valueName: "position"))
  var pooling: String?

  @Option(
    help: ArgumentHelp(
      "Which tokenizer to store in the bundle: openai, none, or a spiece.model, tokenizer.model or tokenizer.json. Without this "
        + "option, that of the folder.",
      valueName: "openai|none|file"))
  var tokenizer: String?

  @Option(
    help: ArgumentHelp(
      "What becomes of a text before the pieces of that file are searched: siglip, siglip2 (as in transformers), pipeline (only "
        + "what tokenizer.json states), open_clip or big_vision. Needed if no configuration states it.",
      valueName: "name"))
  var textRules: String?

  @Option(
    help: ArgumentHelp(
      "Read the file as this format, or a folder's file of this format; `pocketclip formats` lists the ids.",
      valueName: "id"))
  var format: String?

  @Option(
    help: ArgumentHelp(
      "The model into which a LoRA adapter's updates are merged.", valueName: "model"))
  var base: String?

  @Option(
    help: ArgumentHelp(
      "What to do with a LoRA adapter next to complete weights: merge it into them (as transformers does) or ignore it.",
      valueName: "action"))
  var adapter: AdapterOption?

  enum AdapterOption: String, ExpressibleByArgument, CaseIterable {
    case merge, ignore

    var choice: AdapterChoice {
      switch self {
      case .merge: .merge
      case .ignore: .ignore
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "LoRA's alpha, if no adapter_config.json records it. Updates are scaled by alpha / rank.",
      valueName: "number"))
  var loraAlpha: Float?

  @Option(
    help: ArgumentHelp(
      "Which model to read if a file holds several: the beginning of its tensor names, such as model_ema.",
      valueName: "text"))
  var prefix: String?

  @Option(
    help: ArgumentHelp(
      "Which weights to read if a folder holds several: fp16 stands for model.fp16.safetensors.",
      valueName: "name"))
  var variant: String?

  @Option(help: ArgumentHelp("Which towers to read.", valueName: "tower"))
  var tower = TowerChoice.both

  enum TowerChoice: String, ExpressibleByArgument, CaseIterable {
    case image, text, both

    var tower: Tower? {
      switch self {
      case .image: .image
      case .text: .text
      case .both: nil
      }
    }
  }

  /// The options that were given, as on a command line.
  var commandLine: [(name: String, value: String)] {
    let values: [(String, String?)] = [
      ("--architecture", architecture), ("--activation", activation), ("--heads", heads),
      ("--epsilon", epsilon),
      ("--preprocess", preprocess), ("--resize-backend", resizeBackend), ("--alpha", alpha),
      ("--pooling", pooling), ("--tokenizer", tokenizer), ("--text-rules", textRules), ("--format", format),
      ("--base", base),
      ("--adapter", adapter?.rawValue), ("--lora-alpha", loraAlpha.map { "\($0)" }), ("--prefix", prefix),
      ("--variant", variant), ("--tower", tower == .both ? nil : tower.rawValue),
    ]
    return values.compactMap { name, value in value.map { (name, $0) } }
  }

  func modelOptions() throws(Failure) -> ModelOptions {
    var options = ModelOptions()
    options.architectureName = try architecture.map(Self.architectureName)
    options.activation = try perTower(activation, "--activation") { text throws(Failure) in
      let name = text.lowercased().replacing("quick_gelu", with: "quickgelu")
      guard let activation = Activation.allCases.first(where: { $0.fieldText == name }) else {
        throw .unknownValue(text, of: "--activation", among: Activation.allCases.map(\.fieldText))
      }
      return activation
    }
    options.heads = try perTower(heads, "--heads") { text throws(Failure) in
      guard let count = Int(text), count > 0 else { throw Self.notPositive("--heads", text, "12") }
      return count
    }
    options.epsilon = try perTower(epsilon, "--epsilon") { text throws(Failure) in
      guard let value = Float(text), value > 0, value.isFinite else {
        throw Self.notPositive("--epsilon", text, "1e-5")
      }
      return value
    }
    options.preprocessing = try preprocessing()
    options.resizeBackend = try resizeBackend.map { text throws(Failure) in
      guard let backend = Preprocessing.Backend.allCases.first(where: { $0.fieldText == text }) else {
        throw .unknownValue(
          text, of: "--resize-backend", among: Preprocessing.Backend.allCases.map(\.fieldText))
      }
      return backend
    }
    options.alpha = try alpha.map { text throws(Failure) in
      guard let rule = Preprocessing.Alpha.allCases.first(where: { $0.fieldText == text }) else {
        throw .unknownValue(text, of: "--alpha", among: Preprocessing.Alpha.allCases.map(\.fieldText))
      }
      return rule
    }
    options.pooling = try pooling.map { text throws(Failure) in
      if text == "highest" { return .highestID }
      if text == "last" { return .last }
      guard text.hasPrefix("first:"), let id = Int(text.dropFirst("first:".count)), id >= 0 else {
        throw Failure(
          .usage, "--pooling \(text): expected highest, last or first:ID",
          hint: "give --pooling highest, or --pooling first:49407 with the id that ends a text")
      }
      return .firstID(id)
    }
    options.tokenizer = try tokenizer.map(Self.tokenizerChoice)
    if textRules != nil, let tokenizer, ["openai", "none"].contains(tokenizer) {
      throw Failure(
        .usage, "--text-rules and --tokenizer \(tokenizer) exclude each other",
        hint: "leave out --text-rules, or give --tokenizer FILE")
    }
    options.textRules = try textRules.map { text throws(Failure) in
      guard let rules = PublishedRules(rawValue: text) else {
        throw .unknownValue(text, of: "--text-rules", among: PublishedRules.allCases.map(\.rawValue))
      }
      return rules
    }
    options.tower = tower.tower
    options.selection.format = try format.map { id throws(Failure) in
      guard let row = CheckpointFormat(identifier: id), row.isReadable else {
        throw .unknownValue(
          id, of: "--format", among: CheckpointFormat.all.filter(\.isReadable).map(\.identifier),
          listedBy: "formats")
      }
      return row
    }
    options.base = base
    options.adapter = adapter?.choice
    if let loraAlpha {
      guard loraAlpha.isFinite, loraAlpha != 0 else {
        throw Failure(
          .usage, "--lora-alpha \(loraAlpha): expected a number other than 0",
          hint: "give the lora_alpha of the training")
      }
      options.adapterAlpha = loraAlpha
    }
    options.selection.prefix = prefix
    options.selection.variant = variant
    return options
  }

  private static func tokenizerChoice(_ text: String) throws(Failure) -> TokenizerChoice {
    switch text {
    case "openai": return .openAI
    case "none": return .none
    case let path:
      guard Folder.hasFile(path) else {
        guard path.contains(where: { "./".contains($0) }) else {
          throw .unknownValue(path, of: "--tokenizer", among: ["openai", "none", "FILE"])
        }
        throw Failure(
          .input, "--tokenizer \(path.shortened): expected openai, none or a file, and there is no such file",
          hint: "give the model's spiece.model, tokenizer.model or tokenizer.json, or --tokenizer none")
      }
      return .file(path: path)
    }
  }

  private static func architectureName(_ name: String) throws(Failure) -> String {
    let names = ArchitectureCatalogue.entries.map(\.name)
    guard names.contains(name) else {
      throw .unknownValue(name, of: "--architecture", among: names, listedBy: "architectures")
    }
    return name
  }

  private static func notPositive(_ option: String, _ text: String, _ example: String) -> Failure {
    Failure(
      .usage, "\(option): expected a positive number, found '\(text.shortened)'",
      hint: "write it as in \(option) \(example), or \(option) IMAGE,TEXT for two")
  }

  private func preprocessing() throws(Failure) -> PreprocessingChoice? {
    guard let preprocess, preprocess.lowercased() != "openai" else { return preprocess.map { _ in .openAI } }
    guard Folder.hasFile(preprocess) else {
      throw Failure(
        .input, "--preprocess \(preprocess): expected openai or a file, and there is no such file",
        hint:
          "give --preprocess openai, or the preprocessor_config.json or open_clip_config.json of the weights")
    }
    return .file(path: preprocess)
  }

  /// `X` for both towers, or `X,Y` for image and text.
  private func perTower<Value>(
    _ text: String?, _ option: String, _ parse: (String) throws(Failure) -> Value
  ) throws(Failure) -> PerTower<Value> {
    guard let text else { return PerTower() }
    var values: [Value] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      values.append(try parse(String(part)))
    }
    switch values.count {
    case 1: return PerTower(both: values[0])
    case 2: return PerTower(image: values[0], text: values[1])
    default:
      throw Failure(
        .usage, "\(option) \(text): expected one value, or two for image and text",
        hint: "give \(option) VALUE, or \(option) IMAGE,TEXT")
    }
  }
}
