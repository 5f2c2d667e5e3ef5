/// A Vision Transformer: patches, possibly after a class token, learned positions, and possibly a LayerNorm before the first
/// block (`VisionTransformer` in OpenAI's `clip/model.py`; `_Model` in big_vision's `models/vit.py`).
public struct PatchTrunk: Sendable, Equatable {
  /// Pixels along each side of a patch.
  public var patchSize: Int
  /// Whether the patch embedding adds a bias.
  public var hasPatchBias: Bool
  public var prefix: PrefixTokens
  /// Whether a LayerNorm precedes the first block.
  public var hasPreNorm: Bool
  public var stack: TransformerStack

  public init(
    patchSize: Int, hasPatchBias: Bool = false, prefix: PrefixTokens = .classToken, hasPreNorm: Bool = true,
    stack: TransformerStack
  ) {
    self.patchSize = patchSize
    self.hasPatchBias = hasPatchBias
    self.prefix = prefix
    self.hasPreNorm = hasPreNorm
    self.stack = stack
  }

  /// Learned tokens before the patches.
  public enum PrefixTokens: UInt8, Sendable, Equatable, CaseIterable {
    case none
    /// One, with a position of its own.
    case classToken

    public var count: Int {
      switch self {
      case .none: 0
      case .classToken: 1
      }
    }
  }

  /// Patches along each side. Pixels beyond the last complete patch are ignored.
  public func gridSize(imageSize: Int) -> Int { imageSize / patchSize }

  public func patchCount(imageSize: Int) -> Int {
    gridSize(imageSize: imageSize) * gridSize(imageSize: imageSize)
  }

  /// The prefix and the patches.
  public func tokenCount(imageSize: Int) -> Int { prefix.count + patchCount(imageSize: imageSize) }

  /// Values of one patch: P · P · 3.
  public var patchElementCount: Int { patchSize * patchSize * 3 }
}

extension SchemaBuilder {
  mutating func add(_ trunk: PatchTrunk, tokenCount: Int) {
    let width = trunk.stack.width
    if trunk.prefix == .classToken { add("visual.class_embedding", [width], .vector) }
    add("visual.positional_embedding", [tokenCount, width], .positions)
    add("visual.conv1.weight", [width, 3, trunk.patchSize, trunk.patchSize], .convolution)
    if trunk.hasPatchBias { add("visual.conv1.bias", [width], .vector) }
    if trunk.hasPreNorm { addLayerNorm(ParameterName("visual.ln_pre"), width) }
    addBlocks(of: trunk.stack, below: "visual.transformer.resblocks.")
  }
}
