internal import Architecture

extension StatedFacts {
  /// The user's options. More specific options override a named architecture.
  static func options(
    _ options: ModelOptions, sizes: CLIPArchitecture
  ) throws(ModelError) -> StatedFacts {
    var facts = StatedFacts()
    facts.image = tower(
      heads: options.heads.image, activation: options.activation.image, epsilon: options.epsilon.image)
    facts.text = tower(
      heads: options.heads.text, activation: options.activation.text, epsilon: options.epsilon.text)
    facts.tokenizer = options.tokenizer?.kind.map { Stated($0, .option, "--tokenizer") }
    facts.pooling = options.pooling.map { Stated($0, .option, "--pooling") }
    facts.resizeBackend = options.resizeBackend.map {
      StatedBackend(Stated($0, .option, "--resize-backend \($0.fieldText)"))
    }
    facts.alpha = options.alpha.map { Stated($0, .option, "--alpha \($0.fieldText)") }
    facts.fill(from: try preprocessing(options.preprocessing, imageSize: sizes.image?.imageSize))
    if let name = options.architectureName { facts.fill(from: try architecture(name)) }
    return facts
  }

  private static func tower(heads: Int?, activation: Activation?, epsilon: Float?) -> TowerFacts {
    TowerFacts(
      heads: heads.map { Stated($0, .option, "--heads") },
      activation: activation.map { Stated($0, .option, "--activation") },
      epsilon: epsilon.map { Stated($0, .option, "--epsilon") })
  }

  private static func preprocessing(
    _ choice: PreprocessingChoice?, imageSize: Int?
  ) throws(ModelError) -> StatedFacts {
    var facts = StatedFacts()
    switch choice {
    case nil: break
    case .openAI: facts.preprocessing = Stated(.openAI, .option, "--preprocess openai")
    case .exactly(let preprocessing): facts.preprocessing = Stated(preprocessing, .option, "--preprocess")
    case .file(let path):
      facts = try PreprocessingConfig.read(path: path, imageSize: imageSize)
      facts.preprocessing = facts.preprocessing.map { Stated($0.value, .option, "--preprocess \(path)") }
    }
    return facts
  }

  private static func architecture(_ name: String) throws(ModelError) -> StatedFacts {
    guard let known = ArchitectureCatalogue.architecture(named: name) else {
      throw ArchitectureCatalogue.unknown(name)
    }
    var facts = StatedFacts()
    let detail = "--architecture \(name)"
    if let image = known.image {
      facts.image.heads = image.heads.map { Stated($0, .option, detail) }
      facts.image.activation = image.activation.map { Stated($0, .option, detail) }
      facts.image.epsilon = Stated(image.epsilon, .option, detail)
    }
    if let text = known.text {
      facts.text = stack(text.stack, detail)
      facts.pooling = Stated(text.pooling, .option, detail)
    }
    return facts
  }

  private static func stack(_ stack: TransformerStack, _ detail: String) -> TowerFacts {
    TowerFacts(
      heads: Stated(stack.heads, .option, detail), activation: Stated(stack.activation, .option, detail),
      epsilon: Stated(stack.epsilon, .option, detail))
  }
}
