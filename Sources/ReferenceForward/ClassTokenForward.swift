internal import Architecture
internal import Models

/// The class token, which is the first token, after its LayerNorm and projection.
struct ClassTokenForward {
  var tower: ImageTower
  var weights: CanonicalWeights
  var product: MatrixProduct
  var observe: ReferenceForward.Observer

  /// x `[B, N, W]` → `[B, E]`, or `[B, W]` for a tower without projection
  func callAsFunction(_ x: Tensor) throws(ModelError) -> Tensor {
    let pooled = first(of: x).layerNorm(  // [B, W]
      try weights("visual.ln_post.weight"), try weights("visual.ln_post.bias"), epsilon: tower.epsilon)
    observe("visual.ln_post", pooled)
    guard tower.projection != nil else { return pooled }
    let embedding = try weights.projected(pooled, "visual.proj", by: product)  // [B, E]
    observe("visual.proj", embedding)
    return embedding
  }

  private func first(of x: Tensor) -> Tensor {
    let (batch, count, width) = (x.shape[0], x.shape[1], x.shape[2])
    return Tensor([batch, width], (0..<batch).flatMap { x.row($0 * count) })
  }
}
