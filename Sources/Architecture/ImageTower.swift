/// The image encoder: a trunk turns pixels into tokens, a pool makes one token of them, a projection maps it to the
/// embedding.
public struct ImageTower: Sendable, Equatable {
  /// Pixels along each side of the square input.
  public var imageSize: Int
  public var trunk: ImageTrunk
  public var pool: ImagePool
  /// Embedding dimension; nil if the file holds the tower without its projection.
  public var projection: Int?

  public init(imageSize: Int, trunk: ImageTrunk, pool: ImagePool, projection: Int?) {
    self.imageSize = imageSize
    self.trunk = trunk
    self.pool = pool
    self.projection = projection
  }

  /// Channels of each token.
  public var width: Int { trunk.width }
  /// Tokens that the trunk outputs.
  public var tokenCount: Int { trunk.tokenCount(imageSize: imageSize) }
  /// Whether the tower's output is the embedding, and not a hidden state before its projection.
  public var outputsEmbedding: Bool {
    switch pool {
    case .classToken, .attention: projection != nil
    case .probe: true
    }
  }
  /// Values per image that the tower outputs: the embedding, or the pooled hidden state.
  public var outputWidth: Int { projection ?? width }
}

// Settings that tensor shapes do not determine, independent of where the tower stores them.
extension ImageTower {
  /// Heads of all attention in the tower; nil if there is none.
  public var heads: Int? {
    get { trunk.stack?.heads ?? pool.heads }
    set {
      if let newValue { trunk.stack?.heads = newValue }
      pool.heads = newValue
    }
  }

  /// Activation of the transformer's MLPs; nil for a trunk without a choice.
  public var activation: Activation? {
    get { trunk.stack?.activation }
    set { if let newValue { trunk.stack?.activation = newValue } }
  }

  /// Added to the variance in every norm of the tower.
  public var epsilon: Float {
    get { trunk.epsilon }
    set { trunk.epsilon = newValue }
  }
}

// The towers of published models.
extension ImageTower {
  /// `VisionTransformer` in OpenAI's `clip/model.py`.
  public static func visionTransformer(
    imageSize: Int, patchSize: Int, stack: TransformerStack, projection: Int?
  ) -> ImageTower {
    ImageTower(
      imageSize: imageSize, trunk: .patches(PatchTrunk(patchSize: patchSize, stack: stack)),
      pool: .classToken, projection: projection)
  }

  /// SigLIP's: no class token, no LayerNorm before the first block, a patch bias; pooled with a learned query and not
  /// projected (`_Model` in big_vision's `models/vit.py`).
  public static func sigLIP(imageSize: Int, patchSize: Int, stack: TransformerStack, pool: ProbePool)
    -> ImageTower
  {
    ImageTower(
      imageSize: imageSize,
      trunk: .patches(
        PatchTrunk(patchSize: patchSize, hasPatchBias: true, prefix: .none, hasPreNorm: false, stack: stack)),
      pool: .probe(pool), projection: nil)
  }

  /// `ModifiedResNet` in OpenAI's `clip/model.py`.
  public static func modifiedResNet(
    imageSize: Int, width: Int, blocks: ResNetTrunk.Blocks, heads: Int, projection: Int, epsilon: Float
  ) -> ImageTower {
    ImageTower(
      imageSize: imageSize,
      trunk: .resNet(ResNetTrunk(stemWidth: width, blocks: blocks, epsilon: epsilon)),
      pool: .attention(AttentionPool(heads: heads)), projection: projection)
  }
}
