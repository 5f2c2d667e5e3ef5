internal import Architecture
internal import Models

/// The class token, which is the first token, after its LayerNorm and projection.
struct ClassTokenForward {
  var tower: ImageTower
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// x `[B, N, W]` → `[B, E]`, or `[B, W]` for a tower without projection
  func callAsFunction(_ x: Tensor) throws(ModelError) -> Tensor {
    var pooled = departures.pooling.pooled(x, at: [Int](repeating: 0, count: x.shape[0]))  // [B, W]
    if !departures.omitsPostNorm {
      pooled = pooled.layerNorm(
        try weights("visual.ln_post.weight"), try weights("visual.ln_post.bias"), epsilon: tower.epsilon)
    }
    observe("visual.ln_post", pooled)
    guard tower.projection != nil, !departures.omitsProjection else { return pooled }
    let embedding = try weights.projected(pooled, "visual.proj", by: product)  // [B, E]
    observe("visual.proj", embedding)
    return embedding
  }
}
