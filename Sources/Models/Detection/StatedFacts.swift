internal import Architecture

/// The statements of one source about settings that tensor shapes do not determine; nil for settings that it does not
/// state.
struct StatedFacts: Sendable {
  var image = TowerFacts()
  var text = TowerFacts()
  var preprocessing: Stated<Preprocessing>?
  var resizeBackend: StatedBackend?
  var alpha: Stated<Preprocessing.Alpha>?
  var pooling: Stated<TextPooling>?
  var tokenizer: Stated<TokenizerKind>?
  /// Whether the model has a `logit_bias`.
  var scoreBias: Stated<Bool>?
  /// Stated sizes, to be compared with the tensors.
  var sizes: [StatedSize] = []

  struct TowerFacts: Sendable {
    var heads: Stated<Int>?
    var activation: Stated<Activation>?
    var epsilon: Stated<Float>?

    mutating func fill(from other: TowerFacts) {
      heads = heads ?? other.heads
      activation = activation ?? other.activation
      epsilon = epsilon ?? other.epsilon
    }
  }

  /// Fills in missing values from a source of lower rank.
  mutating func fill(from other: StatedFacts) {
    image.fill(from: other.image)
    text.fill(from: other.text)
    if preprocessing == nil {
      preprocessing = other.preprocessing
      // Backend and alpha handling in a configuration belong to its own preprocessing.
      resizeBackend = resizeBackend ?? other.resizeBackend
      alpha = alpha ?? other.alpha
    }
    pooling = pooling ?? other.pooling
    tokenizer = tokenizer ?? other.tokenizer
    scoreBias = scoreBias ?? other.scoreBias
    sizes += other.sizes
  }
}

/// A size that a configuration states, to be compared with the tensors.
struct StatedSize: Sendable {
  enum Field: String, Sendable {
    case imageSize = "image size"
    case patchSize = "patch size"
    case imageWidth = "image width"
    case imageLayers = "image layers"
    /// Four for a ResNet, none for a Vision Transformer.
    case imageStages = "number of ResNet stages"
    case textWidth = "text width"
    case textLayers = "text layers"
    case contextLength = "context length"
    case vocabularySize = "vocabulary size"
    case imageMLPWidth = "image MLP width"
    case textMLPWidth = "text MLP width"
    case projection = "embedding dimension"
  }

  var field: Field
  var value: Int
  var detail: String

  var isOfLayers: Bool { field == .imageLayers || field == .textLayers }
}

extension CLIPArchitecture {
  /// The actual size of the tensors; nil if the model has no such size.
  func size(_ field: StatedSize.Field) -> Int? {
    switch field {
    case .imageSize: image?.imageSize
    case .patchSize: image?.trunk.patchSize
    case .imageWidth: image?.trunk.configuredWidth
    case .imageLayers: image?.trunk.stack?.layers
    case .imageStages: image?.trunk.stageCount
    case .textWidth: text?.stack.width
    case .textLayers: text?.stack.layers
    case .contextLength: text?.contextLength
    case .vocabularySize: text?.vocabularySize
    case .imageMLPWidth: image?.trunk.stack?.mlpWidth
    case .textMLPWidth: text?.stack.mlpWidth
    case .projection: image?.projection ?? text?.projection
    }
  }
}

extension ImageTrunk {
  /// The width in the terms of configurations, which is the stem's for a ResNet.
  fileprivate var configuredWidth: Int {
    switch self {
    case .patches(let trunk): trunk.stack.width
    case .resNet(let trunk): trunk.stemWidth
    }
  }

  /// Stages of convolutions.
  fileprivate var stageCount: Int {
    switch self {
    case .patches: 0
    case .resNet: ResNetTrunk.Blocks.stageCount
    }
  }
}
