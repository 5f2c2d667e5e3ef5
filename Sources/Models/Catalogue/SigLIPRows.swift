internal import Architecture

/// A SigLIP of fixed image size. Names are open_clip's.
struct SigLIPRow {
  var name: String
  var imageSize: Int
  var patchSize: Int
  var vision: ViTRow.Size
  var text: ViTRow.Size
  var contextLength: Int
  var vocabularySize: Int
  /// GELU as open_clip computes it; transformers and big_vision use the tanh approximation in all of them.
  var visionActivation: Activation
  var textActivation: Activation

  /// SigLIP, with an English or a multilingual (i18n) vocabulary.
  private init(
    _ name: String, _ imageSize: Int, _ patchSize: Int, _ size: ViTRow.Size, context: Int = 64,
    vocabulary: Int = 32_000
  ) {
    self.name = name
    self.imageSize = imageSize
    self.patchSize = patchSize
    vision = size
    text = size
    contextLength = context
    vocabularySize = vocabulary
    visionActivation = .gelu
    textActivation = .gelu
  }

  /// SigLIP 2.
  private init(
    second name: String, _ imageSize: Int, _ patchSize: Int, _ vision: ViTRow.Size, text: ViTRow.Size? = nil,
    _ visionActivation: Activation = .gelu
  ) {
    self.init(name, imageSize, patchSize, vision, vocabulary: 256_000)
    self.text = text ?? vision
    self.visionActivation = visionActivation
    textActivation = .geluTanh
  }

  static let all = [
    SigLIPRow("ViT-B-16-SigLIP", 224, 16, .base),
    SigLIPRow("ViT-B-16-SigLIP-256", 256, 16, .base),
    SigLIPRow("ViT-B-16-SigLIP-384", 384, 16, .base),
    SigLIPRow("ViT-B-16-SigLIP-512", 512, 16, .base),
    SigLIPRow("ViT-B-16-SigLIP-i18n-256", 256, 16, .base, vocabulary: 250_000),
    SigLIPRow("ViT-L-16-SigLIP-256", 256, 16, .large),
    SigLIPRow("ViT-L-16-SigLIP-384", 384, 16, .large),
    SigLIPRow("ViT-SO400M-14-SigLIP", 224, 14, .shapeOptimized, context: 16),
    SigLIPRow("ViT-SO400M-14-SigLIP-384", 384, 14, .shapeOptimized),
    SigLIPRow(second: "ViT-B-32-SigLIP2-256", 256, 32, .base),
    SigLIPRow(second: "ViT-B-16-SigLIP2", 224, 16, .base),
    SigLIPRow(second: "ViT-B-16-SigLIP2-256", 256, 16, .base),
    SigLIPRow(second: "ViT-B-16-SigLIP2-384", 384, 16, .base),
    SigLIPRow(second: "ViT-B-16-SigLIP2-512", 512, 16, .base),
    SigLIPRow(second: "ViT-L-16-SigLIP2-256", 256, 16, .large),
    SigLIPRow(second: "ViT-L-16-SigLIP2-384", 384, 16, .large),
    SigLIPRow(second: "ViT-L-16-SigLIP2-512", 512, 16, .large),
    SigLIPRow(second: "ViT-SO400M-14-SigLIP2", 224, 14, .shapeOptimized),
    SigLIPRow(second: "ViT-SO400M-14-SigLIP2-378", 378, 14, .shapeOptimized),
    SigLIPRow(second: "ViT-SO400M-16-SigLIP2-256", 256, 16, .shapeOptimized),
    SigLIPRow(second: "ViT-SO400M-16-SigLIP2-384", 384, 16, .shapeOptimized),
    SigLIPRow(second: "ViT-SO400M-16-SigLIP2-512", 512, 16, .shapeOptimized),
    SigLIPRow(
      second: "ViT-gopt-16-SigLIP2-256", 256, 16, .giantOptimized, text: .shapeOptimized, .geluTanh),
    SigLIPRow(
      second: "ViT-gopt-16-SigLIP2-384", 384, 16, .giantOptimized, text: .shapeOptimized, .geluTanh),
  ]

  var architecture: CLIPArchitecture {
    let stack = vision.stack(visionActivation)
    return CLIPArchitecture(
      image: .sigLIP(
        imageSize: imageSize, patchSize: patchSize, stack: stack,
        pool: ProbePool(heads: stack.heads, mlpWidth: stack.mlpWidth)),
      text: TextTower(
        contextLength: contextLength, vocabularySize: vocabularySize, stack: text.stack(textActivation),
        isCausal: false, pooling: .last, projection: vision.width, hasProjectionBias: true))
  }
}

extension ViTRow.Size {
  /// So400m: the shape that Alabdulmohsin et al. 2023 found best for 400 million parameters. Head size 72.
  fileprivate static let shapeOptimized = Self(width: 1152, layers: 27, heads: 16, mlpWidth: 4304)
  /// g-opt. Head size 96.
  fileprivate static let giantOptimized = Self(width: 1536, layers: 40, heads: 16, mlpWidth: 6144)

  fileprivate func stack(_ activation: Activation) -> TransformerStack {
    TransformerStack(
      width: width, layers: layers, heads: heads, mlpWidth: mlpWidth, activation: activation,
      epsilon: ModelFamily.sigLIP.epsilon)
  }
}
