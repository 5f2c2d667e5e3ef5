internal import Architecture

/// A stack of pre-norm residual attention blocks. B items of N tokens, W channels, H heads of d, F hidden channels; the
/// residual stream is the matrix `[B·N, W]`.
struct TransformerGraph {
  var stack: TransformerStack
  /// `visual.transformer` or `transformer`.
  var name: String
  /// N
  var tokenCount: Int
  /// `[N, N]`, added to the scores; nil if every token attends to every other.
  var mask: String?

  /// x `[B·N, W]` → `[B·N, W]`
  func apply(to input: String, in builder: inout ONNXGraphBuilder) -> String {
    var x = input
    for layer in 0..<stack.layers {
      let block = "\(name).resblocks.\(layer)"
      let attended = attention(
        builder.layerNorm(x, "\(block).ln_1", epsilon: stack.epsilon), "\(block).attn", &builder)
      x = builder.add(.add, [x, attended], "\(block).attended")
      let hidden = mlp(
        builder.layerNorm(x, "\(block).ln_2", epsilon: stack.epsilon), "\(block).mlp", &builder)
      x = builder.add(.add, [x, hidden], block)
    }
    return x
  }

  private func attention(_ x: String, _ name: String, _ builder: inout ONNXGraphBuilder) -> String {
    let qkv = builder.linear(  // [B·N, 3W]
      x, weight: "\(name).in_proj_weight", bias: "\(name).in_proj_bias", "\(name).in_proj")
    let parts = ["\(name).q", "\(name).k", "\(name).v"]
    builder.add(.split, [qkv], outputs: parts, [.integer("axis", 1)])
    let attention = AttentionGraph(
      name: name, heads: stack.heads, headSize: stack.headSize, queryCount: tokenCount, keyCount: tokenCount)
    let heads = attention.apply(q: parts[0], k: parts[1], v: parts[2], mask: mask, in: &builder)
    return builder.linear(heads, "\(name).out_proj")
  }

  private func mlp(_ x: String, _ name: String, _ builder: inout ONNXGraphBuilder) -> String {
    let hidden = builder.linear(x, "\(name).c_fc")  // [B·N, F]
    return builder.linear(builder.activation(stack.activation, hidden, name), "\(name).c_proj")
  }
}

/// softmax(q·kᵀ / √d)·v of every head of every item.
struct AttentionGraph {
  var name: String
  var heads: Int
  var headSize: Int
  var queryCount: Int
  var keyCount: Int

  /// q `[B·Q, W]`, k and v `[B·K, W]` → `[B·Q, W]`
  func apply(
    q: String, k: String, v: String, mask: String?, in builder: inout ONNXGraphBuilder
  ) -> String {
    let root = builder.number(Float(1 / Double(headSize).squareRoot()))
    let scaled = builder.add(.mul, [q, root], "\(name).q.scaled")
    let queries = split(scaled, queryCount, "q", [0, 2, 1, 3], &builder)  // [B, H, Q, d]
    let keys = split(k, keyCount, "k", [0, 2, 3, 1], &builder)  // [B, H, d, K]
    let values = split(v, keyCount, "v", [0, 2, 1, 3], &builder)  // [B, H, K, d]
    var scores = builder.add(.matMul, [queries, keys], "\(name).scores")  // [B, H, Q, K]
    if let mask { scores = builder.add(.add, [scores, mask], "\(name).masked") }
    let shares = builder.add(.softmax, [scores], "\(name).shares", [.integer("axis", -1)])
    let sums = builder.add(.matMul, [shares, values], "\(name).sums")  // [B, H, Q, d]
    let joined = builder.add(
      .transpose, [sums], "\(name).joined", [.integers("perm", [0, 2, 1, 3])])  // [B, Q, H, d]
    return builder.add(.reshape, [joined, builder.integers([-1, heads * headSize])], "\(name).heads")
  }

  /// `[B·N, W]` → `[B, N, H, d]` with its axes permuted.
  private func split(
    _ x: String, _ count: Int, _ part: String, _ axes: [Int], _ builder: inout ONNXGraphBuilder
  ) -> String {
    let shape = builder.integers([-1, count, heads, headSize])
    let split = builder.add(.reshape, [x, shape], "\(name).\(part).split")
    return builder.add(.transpose, [split], "\(name).\(part).heads", [.integers("perm", axes)])
  }
}
