internal import Architecture

/// The image encoder ViT. B images of S pixels a side, patches of P, grid G, N = G² + 1 tokens, W channels, E embedding
/// dimensions.
struct VisionTransformerGraph {
  var tower: VisionTransformer

  /// image `[B, 3, S, S]` → `[B, E]`, or `[B, W]` for a tower without projection
  func build(in builder: inout ONNXGraphBuilder) {
    let image = builder.input("image", .float, [3, tower.imageSize, tower.imageSize])
    let tokens = tokens(of: image, &builder)  // [B, N, W]
    let width = tower.stack.width
    let placed = builder.add(
      .add, [tokens, builder.parameter("visual.positional_embedding")], "visual.placed")
    let normed = builder.layerNorm(placed, "visual.ln_pre", epsilon: tower.stack.epsilon)
    let stream = builder.add(.reshape, [normed, builder.integers([-1, width])], "visual.stream")  // [B·N, W]
    let transformer = TransformerGraph(
      stack: tower.stack, name: "visual.transformer", tokenCount: tower.tokenCount)
    let encoded = builder.add(  // [B, N, W]
      .reshape,
      [transformer.apply(to: stream, in: &builder), builder.integers([-1, tower.tokenCount, width])],
      "visual.encoded")
    let first = builder.add(.gather, [encoded, builder.index(0)], "visual.first", [.integer("axis", 1)])
    let pooled = builder.layerNorm(first, "visual.ln_post", epsilon: tower.stack.epsilon)  // [B, W]
    guard let projection = tower.projection else {
      return builder.finish(pooled, isEmbedding: false, width: width)
    }
    let embedding = builder.add(.matMul, [pooled, builder.parameter("visual.proj")], "visual.projected")
    builder.finish(embedding, isEmbedding: true, width: projection)
  }

  /// Patches behind the class token, `[B, N, W]`.
  private func tokens(of image: String, _ builder: inout ONNXGraphBuilder) -> String {
    let width = tower.stack.width
    let patch = [tower.patchSize, tower.patchSize]
    let grid = builder.add(  // [B, W, G, G]
      .conv, [image, builder.parameter("visual.conv1.weight")], "visual.conv1",
      [.integers("kernel_shape", patch), .integers("strides", patch)])
    let flat = builder.add(
      .reshape, [grid, builder.integers([0, width, tower.gridSize * tower.gridSize])], "visual.flat")
    let patches = builder.add(
      .transpose, [flat], "visual.patches", [.integers("perm", [0, 2, 1])])  // [B, G², W]
    let batch = builder.add(.shape, [image], "visual.batch", [.integer("start", 0), .integer("end", 1)])
    let shape = builder.add(
      .concat, [batch, builder.integers([1, width])], "visual.class_shape", [.integer("axis", 0)])
    let first = builder.add(  // [B, 1, W]
      .expand, [builder.parameter("visual.class_embedding"), shape], "visual.class_token")
    return builder.add(.concat, [first, patches], "visual.tokens", [.integer("axis", 1)])
  }
}
