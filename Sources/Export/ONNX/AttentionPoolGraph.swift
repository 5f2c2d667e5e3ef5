internal import Architecture

/// `AttentionPool2d`: the query is the mean over positions; keys and values are the mean and every position. B
/// images, maps of C channels and G pixels per side, N = G² + 1 tokens, E embedding dimensions.
struct AttentionPoolGraph {
  var pool: AttentionPool
  var tower: ImageTower

  /// x `[B, C, G, G]` → `[B, E]`, the graph's output
  func finish(_ x: String, in builder: inout ONNXGraphBuilder) {
    let name = "visual.attnpool"
    let (width, count) = (tower.width, pool.tokenCount(of: tower))
    let flat = builder.add(.reshape, [x, builder.integers([0, width, -1])], "\(name).flat")
    // [B, G², C]
    let positions = builder.add(.transpose, [flat], "\(name).positions", [.integers("perm", [0, 2, 1])])
    let mean = builder.add(
      .reduceMean, [positions], "\(name).mean", [.integers("axes", [1]), .integer("keepdims", 1)])
    // [B, N, C], N = 1 + G²
    let tokens = builder.add(.concat, [mean, positions], "\(name).tokens", [.integer("axis", 1)])
    let placed = builder.add(
      .add, [tokens, builder.parameter("\(name).positional_embedding")], "\(name).placed")
    let first = builder.add(.gather, [placed, builder.index(0)], "\(name).first", [.integer("axis", 1)])
    let all = builder.add(.reshape, [placed, builder.integers([-1, width])], "\(name).all")  // [B·N, C]
    let attention = AttentionGraph(
      name: name, heads: pool.heads, headSize: width / pool.heads, queryCount: 1, keyCount: count)
    let pooled = attention.apply(  // [B, C]
      q: builder.linear(first, "\(name).q_proj"), k: builder.linear(all, "\(name).k_proj"),
      v: builder.linear(all, "\(name).v_proj"), mask: nil, in: &builder)
    builder.finish(
      builder.linear(pooled, "\(name).c_proj"), isEmbedding: true, width: tower.outputWidth)
  }
}
