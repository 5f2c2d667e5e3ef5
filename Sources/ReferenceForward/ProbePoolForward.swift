internal import Architecture
internal import Models

/// `MAPHead` in big_vision's `models/vit.py`: attention from a learned query to all tokens, then an MLP with a residual.
/// B images, N tokens of W channels, F hidden channels.
struct ProbePoolForward {
  var pool: ProbePool
  var tower: ImageTower
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// x `[B, N, W]` → `[B, W]`
  func callAsFunction(_ x: Tensor) throws(ModelError) -> Tensor {
    let tokens = departures.omitsPostNorm ? x : try layerNorm(x, "visual.ln_post")  // [B, N, W]
    observe("visual.ln_post", tokens)
    guard departures.pooling == .ofTower else {
      return departures.pooling.pooled(tokens, at: [Int](repeating: 0, count: tokens.shape[0]))
    }
    var pooled = try attention(tokens)  // [B, W]
    weights.add(try mlp(try layerNorm(pooled, "visual.attnpool.ln")), to: &pooled)
    observe("visual.attnpool", pooled)
    return pooled
  }

  private func attention(_ tokens: Tensor) throws(ModelError) -> Tensor {
    let (batch, width) = (tokens.shape[0], tower.width)
    let probe = try weights("visual.attnpool.probe")  // [W]
    let queries = Tensor([batch, 1, width], (0..<batch).flatMap { _ in probe.values })
    return try PoolingAttention(
      heads: pool.heads, weights: weights, product: product, departures: departures)(queries, tokens)
  }

  private func mlp(_ x: Tensor) throws(ModelError) -> Tensor {
    guard let activation = tower.activation else {
      throw ModelError(.undecidedActivation, found: "image tower")
    }
    return try project(try project(x, "mlp.c_fc").activated(activation), "mlp.c_proj")
  }

  private func project(_ x: Tensor, _ name: String) throws(ModelError) -> Tensor {
    try weights.linear(x, "visual.attnpool.\(name)", by: product)
  }

  private func layerNorm(_ x: Tensor, _ name: String) throws(ModelError) -> Tensor {
    x.layerNorm(try weights("\(name).weight"), try weights("\(name).bias"), epsilon: tower.epsilon)
  }
}
