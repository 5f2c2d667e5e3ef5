internal import Architecture
internal import Archives
internal import Checkpoints

extension StatedFacts {
  /// The keyed values of a GGUF file, as clip.cpp's and llama.cpp's converters write them.
  static func gguf(_ metadata: ConfigFile, sizes: CLIPArchitecture) throws(ModelError) -> StatedFacts {
    let config = ConfigReader(metadata)
    try GGUFKeys.requireKnown(config)
    var facts = StatedFacts()
    let activation = try config.ggufActivation()
    if sizes.image != nil {
      facts.image = try config.ggufTower("clip.vision", activation)
      facts.preprocessing = try config.ggufPreprocessing()
      try facts.addSizes(config, imageSizes)
    }
    if sizes.text != nil {
      facts.text = try config.ggufTower("clip.text", activation)
      // Files with another architecture come from other tools, whose text towers differ from clip.cpp's.
      if try config.text("general.architecture") == "clip" {
        facts.pooling = Stated(
          .highestID, .libraryDefault, "clip.cpp pools the last token, which is end of text")
      }
      try facts.addSizes(config, textSizes)
      if let count = config.json["tokenizer.ggml.tokens"]?["count"]?.integerValue {
        facts.sizes.append(
          StatedSize(
            field: .vocabularySize, value: count, detail: "\(config.location): tokenizer.ggml.tokens"))
      }
    }
    return facts
  }

  private static let imageSizes: [(String, StatedSize.Field)] = [
    ("clip.vision.image_size", .imageSize), ("clip.vision.patch_size", .patchSize),
    ("clip.vision.embedding_length", .imageWidth), ("clip.vision.block_count", .imageLayers),
  ]

  private static let textSizes: [(String, StatedSize.Field)] = [
    ("clip.text.context_length", .contextLength), ("clip.text.embedding_length", .textWidth),
    ("clip.text.block_count", .textLayers),
  ]

  private mutating func addSizes(
    _ config: ConfigReader, _ keys: [(String, StatedSize.Field)]
  ) throws(ModelError) {
    for (key, field) in keys {
      guard let value = try config.integer(key) else { continue }
      sizes.append(StatedSize(field: field, value: value, detail: "\(config.location): \(key)"))
    }
  }
}

extension ConfigReader {
  fileprivate func ggufTower(
    _ prefix: String, _ activation: Stated<Activation>?
  ) throws(ModelError) -> StatedFacts.TowerFacts {
    let (heads, epsilon) = (prefix + ".attention.head_count", prefix + ".attention.layer_norm_epsilon")
    return StatedFacts.TowerFacts(
      heads: try integer(heads).map { Stated($0, .evidence, "\(location): \(heads)") },
      activation: activation,
      epsilon: try number(epsilon).map { Stated(Float($0), .evidence, "\(location): \(epsilon)") })
  }

  /// One flag for both towers; without a flag, QuickGELU. Converters set `use_gelu` for models trained with the exact
  /// GELU. ggml approximates it with tanh, but that is not a property of the weights.
  fileprivate func ggufActivation() throws(ModelError) -> Stated<Activation>? {
    if try bool("clip.use_silu") == true { throw unsupported("clip.use_silu") }
    guard let usesGELU = try bool("clip.use_gelu") else { return nil }
    return usesGELU
      ? Stated(.gelu, .evidence, "\(location): clip.use_gelu, which ggml approximates with tanh")
      : Stated(.quickGELU, .evidence, "\(location): clip.use_gelu false")
  }

  /// The file states mean and standard deviation. Resizing and cropping are the same for every CLIP in these files.
  fileprivate func ggufPreprocessing() throws(ModelError) -> Stated<Preprocessing>? {
    let (meanKey, deviationKey) = ("clip.vision.image_mean", "clip.vision.image_std")
    guard let mean = try triple(meanKey), let deviation = try triple(deviationKey) else { return nil }
    guard deviation.0 > 0, deviation.1 > 0, deviation.2 > 0 else {
      throw bad(deviationKey, "positive", json[deviationKey])
    }
    var result = Preprocessing.openAI
    result.mean = .init(mean.0, mean.1, mean.2)
    result.standardDeviation = .init(deviation.0, deviation.1, deviation.2)
    return Stated(
      result, .evidence, "\(location): image_mean and image_std; resized and cropped as OpenAI does")
  }
}
