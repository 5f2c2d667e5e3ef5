internal import Architecture

/// The class token, which is the first token, after its LayerNorm and projection. N tokens of W channels, E embedding
/// dimensions.
struct ClassTokenGraph {
  var tower: ImageTower

  /// x `[B, N, W]` → `[B, E]`, or `[B, W]` for a tower without projection, the graph's output
  func finish(_ x: String, in builder: inout ONNXGraphBuilder) {
    let first = builder.add(.gather, [x, builder.index(0)], "visual.first", [.integer("axis", 1)])
    let pooled = builder.layerNorm(first, "visual.ln_post", epsilon: tower.epsilon)  // [B, W]
    guard let projection = tower.projection else {
      return builder.finish(pooled, isEmbedding: false, width: tower.width)
    }
    let embedding = builder.add(.matMul, [pooled, builder.parameter("visual.proj")], "visual.projected")
    builder.finish(embedding, isEmbedding: true, width: projection)
  }
}
