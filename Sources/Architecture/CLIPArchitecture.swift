/// Everything about a CLIP model that is not a weight: what its tensors say (sizes) and what they cannot say
/// (heads, activation, epsilon, pooling).
///
/// A checkpoint may be half a CLIP, so each tower is optional; a value without any tower describes nothing.
public struct CLIPArchitecture: Sendable, Equatable {
  public var image: ImageTower?
  public var text: TextTower?

  public init(image: ImageTower?, text: TextTower?) {
    self.image = image
    self.text = text
  }

  /// The architecture with only the chosen towers.
  public func keeping(image keepsImage: Bool, text keepsText: Bool) -> CLIPArchitecture {
    CLIPArchitecture(image: keepsImage ? image : nil, text: keepsText ? text : nil)
  }
}

/// The two encoders of CLIP.
public enum Tower: UInt8, Sendable, Equatable, Hashable, CaseIterable {
  case image, text
}

/// The nonlinearity inside the transformers' MLPs; no tensor tells which one a model was trained with.
public enum Activation: UInt8, Sendable, Equatable, CaseIterable {
  /// x · sigmoid(1.702 x), OpenAI's `QuickGELU`.
  case quickGELU
  /// x · Φ(x) through erf, PyTorch's `nn.GELU()`.
  case gelu
  /// The tanh approximation of GELU (`approximate="tanh"`).
  case geluTanh
}

/// A stack of residual attention blocks (`Transformer` in OpenAI's `clip/model.py`).
public struct TransformerStack: Sendable, Equatable {
  /// Channels of the residual stream.
  public var width: Int
  /// Residual attention blocks.
  public var layers: Int
  /// Attention heads; the head size is `width / heads`.
  public var heads: Int
  /// Hidden channels of each MLP.
  public var mlpWidth: Int
  public var activation: Activation
  /// Added to the variance in every LayerNorm of the tower.
  public var epsilon: Float

  public init(width: Int, layers: Int, heads: Int, mlpWidth: Int, activation: Activation, epsilon: Float) {
    self.width = width
    self.layers = layers
    self.heads = heads
    self.mlpWidth = mlpWidth
    self.activation = activation
    self.epsilon = epsilon
  }

  public var headSize: Int { width / heads }
}

/// The image encoder: a Vision Transformer or OpenAI's modified ResNet.
public enum ImageTower: Sendable, Equatable {
  case visionTransformer(VisionTransformer)
  case modifiedResNet(ModifiedResNet)

  /// Pixels along each side of the square input.
  public var imageSize: Int {
    switch self {
    case .visionTransformer(let tower): tower.imageSize
    case .modifiedResNet(let tower): tower.imageSize
    }
  }

  /// Embedding dimension, or nil for a tower published without its projection.
  public var projection: Int? {
    switch self {
    case .visionTransformer(let tower): tower.projection
    case .modifiedResNet(let tower): tower.projection
    }
  }

  /// Values per image that the tower puts out: the embedding, or the pooled hidden state.
  public var outputWidth: Int {
    switch self {
    case .visionTransformer(let tower): tower.projection ?? tower.stack.width
    case .modifiedResNet(let tower): tower.projection
    }
  }
}

/// A Vision Transformer with a class token, learned positions and a LayerNorm before the first block
/// (`VisionTransformer` in OpenAI's `clip/model.py`).
public struct VisionTransformer: Sendable, Equatable {
  public var imageSize: Int
  public var patchSize: Int
  public var stack: TransformerStack
  /// Embedding dimension; nil when the file holds the tower without its projection.
  public var projection: Int?

  public init(imageSize: Int, patchSize: Int, stack: TransformerStack, projection: Int?) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.stack = stack
    self.projection = projection
  }

  /// Patches along each side.
  public var gridSize: Int { imageSize / patchSize }
  /// Patches and the class token.
  public var tokenCount: Int { gridSize * gridSize + 1 }
  /// Values of one patch: P · P · 3.
  public var patchElementCount: Int { patchSize * patchSize * 3 }
}

/// CLIP's ResNet: three-convolution stem, anti-aliasing average pools in place of strides, attention pooling
/// (`ModifiedResNet` in OpenAI's `clip/model.py`).
public struct ModifiedResNet: Sendable, Equatable {
  public var imageSize: Int
  /// Channels after the stem; stage s puts out 4 · width · 2^(s−1).
  public var width: Int
  /// Bottlenecks of the four stages.
  public var blocks: Blocks
  /// Heads of the attention pooling.
  public var heads: Int
  /// Embedding dimension.
  public var projection: Int
  /// Added to the variance in every BatchNorm.
  public var epsilon: Float

  public struct Blocks: Sendable, Equatable {
    public var stage1, stage2, stage3, stage4: Int

    public init(_ stage1: Int, _ stage2: Int, _ stage3: Int, _ stage4: Int) {
      self.stage1 = stage1
      self.stage2 = stage2
      self.stage3 = stage3
      self.stage4 = stage4
    }

    /// Bottlenecks of stage 0…3.
    public subscript(stage: Int) -> Int {
      switch stage {
      case 0: stage1
      case 1: stage2
      case 2: stage3
      default: stage4
      }
    }

    public static let stageCount = 4
  }

  public init(imageSize: Int, width: Int, blocks: Blocks, heads: Int, projection: Int, epsilon: Float) {
    self.imageSize = imageSize
    self.width = width
    self.blocks = blocks
    self.heads = heads
    self.projection = projection
    self.epsilon = epsilon
  }

  /// Each bottleneck puts out this many times its inner channels.
  public static let expansion = 4
  /// The stem's pool halves twice, stages 2 to 4 halve once each.
  public static let downsampling = 32

  /// Positions along each side where attention pools.
  public var gridSize: Int { imageSize / Self.downsampling }
  /// Positions and their mean.
  public var tokenCount: Int { gridSize * gridSize + 1 }
  /// Channels that attention pooling works on.
  public var attentionPoolWidth: Int { width * Self.downsampling }

  /// Inner channels of the bottlenecks of stage 0…3.
  public func innerChannels(stage: Int) -> Int { width << stage }
}

/// How the text tower picks the position whose state stands for the text.
public enum TextPooling: Sendable, Equatable {
  /// The first occurrence of the highest id: OpenAI's rule, end-of-text being the last id of the vocabulary.
  case highestID
  /// The first occurrence of this id.
  case firstID(Int)
}

/// The causal text transformer.
public struct TextTower: Sendable, Equatable {
  public var contextLength: Int
  public var vocabularySize: Int
  public var stack: TransformerStack
  public var pooling: TextPooling
  /// Embedding dimension; nil when the file holds the tower without its projection.
  public var projection: Int?

  public init(
    contextLength: Int, vocabularySize: Int, stack: TransformerStack, pooling: TextPooling, projection: Int?
  ) {
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
    self.stack = stack
    self.pooling = pooling
    self.projection = projection
  }

  /// Values per text that the tower puts out: the embedding, or the pooled hidden state.
  public var outputWidth: Int { projection ?? stack.width }
}
