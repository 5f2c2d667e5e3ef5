/// A Vision Transformer: class token, patches, learned positions, and a LayerNorm before the first block
/// (`VisionTransformer` in OpenAI's `clip/model.py`).
public struct PatchTrunk: Sendable, Equatable {
  /// Pixels along each side of a patch.
  public var patchSize: Int
  public var stack: TransformerStack

  public init(patchSize: Int, stack: TransformerStack) {
    self.patchSize = patchSize
    self.stack = stack
  }

  /// Patches along each side. Pixels beyond the last complete patch are ignored.
  public func gridSize(imageSize: Int) -> Int { imageSize / patchSize }

  /// The patches plus the class token.
  public func tokenCount(imageSize: Int) -> Int {
    gridSize(imageSize: imageSize) * gridSize(imageSize: imageSize) + 1
  }

  /// Values of one patch: P · P · 3.
  public var patchElementCount: Int { patchSize * patchSize * 3 }
}

extension SchemaBuilder {
  mutating func add(_ trunk: PatchTrunk, tokenCount: Int) {
    let width = trunk.stack.width
    add("visual.class_embedding", [width], .vector)
    add("visual.positional_embedding", [tokenCount, width], .positions)
    add("visual.conv1.weight", [width, 3, trunk.patchSize, trunk.patchSize], .convolution)
    addLayerNorm(ParameterName("visual.ln_pre"), width)
    addBlocks(of: trunk.stack, below: "visual.transformer.resblocks.")
  }
}
