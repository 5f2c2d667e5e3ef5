internal import Architecture

/// `MAPHead` in big_vision's `models/vit.py`: attention from a learned query to all tokens, then an MLP with a residual. B
/// images, N tokens of W channels.
struct ProbePoolGraph {
  var pool: ProbePool
  var tower: ImageTower

  /// x `[B, N, W]` → `[B, W]`, the graph's output
  ///
  /// - Parameter image: the graph's input, whose first axis is the batch.
  func finish(_ x: String, of image: String, in builder: inout ONNXGraphBuilder) {
    let name = "visual.attnpool"
    let (width, count) = (tower.width, tower.tokenCount)
    let tokens = builder.layerNorm(x, "visual.ln_post", epsilon: tower.epsilon)
    let all = builder.add(.reshape, [tokens, builder.integers([-1, width])], "\(name).all")  // [B·N, W]
    let attention = AttentionGraph(
      name: name, heads: pool.heads, headSize: width / pool.heads, queryCount: 1, keyCount: count)
    let attended = attention.apply(  // [B, W]
      q: builder.linear(probe(for: image, &builder), "\(name).q_proj"),
      k: builder.linear(all, "\(name).k_proj"),
      v: builder.linear(all, "\(name).v_proj"), mask: nil, in: &builder)
    let pooled = builder.linear(attended, "\(name).c_proj")
    let normed = builder.layerNorm(pooled, "\(name).ln", epsilon: tower.epsilon)
    let expanded = builder.linear(normed, "\(name).mlp.c_fc")
    let hidden = tower.activation.map { builder.activation($0, expanded, "\(name).mlp") } ?? expanded
    let added = builder.add(.add, [pooled, builder.linear(hidden, "\(name).mlp.c_proj")], "\(name).output")
    builder.finish(added, isEmbedding: true, width: width)
  }

  /// The query of each image, `[B, W]`.
  private func probe(for image: String, _ builder: inout ONNXGraphBuilder) -> String {
    let batch = builder.add(.shape, [image], "visual.batch", [.integer("start", 0), .integer("end", 1)])
    let shape = builder.add(
      .concat, [batch, builder.integers([tower.width])], "visual.probe_shape", [.integer("axis", 0)])
    return builder.add(.expand, [builder.parameter("visual.attnpool.probe"), shape], "visual.probe")
  }
}
