internal import Architecture
internal import Models

/// The image encoder: trunk, pool, projection. B images of S pixels per side, N tokens of W channels, E embedding
/// dimensions.
struct ImageForward {
  var tower: ImageTower
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// pixels `[B, 3, S, S]` → `[B, E]`, or `[B, W]` for a tower without projection
  func callAsFunction(_ pixels: Tensor) throws(ModelError) -> Tensor {
    try pool(try tokens(of: pixels))
  }

  /// → `[B, N, W]`
  private func tokens(of pixels: Tensor) throws(ModelError) -> Tensor {
    switch tower.trunk {
    case .patches(let trunk):
      try PatchTrunkForward(
        trunk: trunk, weights: weights, product: product, departures: departures, observe: observe)(pixels)
    case .resNet(let trunk):
      try ResNetTrunkForward(
        trunk: trunk, weights: weights, product: product, departures: departures, observe: observe)(pixels)
    }
  }

  private func pool(_ tokens: Tensor) throws(ModelError) -> Tensor {
    switch tower.pool {
    case .classToken:
      try ClassTokenForward(
        tower: tower, weights: weights, product: product, departures: departures, observe: observe)(tokens)
    case .attention(let pool):
      departures.omitsProjection
        ? departures.pooling.pooled(tokens, at: [Int](repeating: 0, count: tokens.shape[0]))
        : try AttentionPoolForward(
          pool: pool, tower: tower, weights: weights, product: product, departures: departures,
          observe: observe)(tokens)
    case .probe(let pool):
      try ProbePoolForward(
        pool: pool, tower: tower, weights: weights, product: product, departures: departures,
        observe: observe)(tokens)
    }
  }
}
