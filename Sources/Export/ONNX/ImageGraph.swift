internal import Architecture

/// The image encoder: trunk, pool, projection.
struct ImageGraph {
  var tower: ImageTower

  /// image `[B, 3, S, S]` → `[B, E]`, or `[B, W]` for a tower without projection
  func build(in builder: inout ONNXGraphBuilder) {
    let image = builder.input("image", .float, [3, tower.imageSize, tower.imageSize])
    let tokens =
      switch tower.trunk {
      case .patches(let trunk):
        PatchTrunkGraph(trunk: trunk, imageSize: tower.imageSize).apply(to: image, in: &builder)
      case .resNet(let trunk): ResNetTrunkGraph(trunk: trunk).apply(to: image, in: &builder)
      }
    switch tower.pool {
    case .classToken: ClassTokenGraph(tower: tower).finish(tokens, in: &builder)
    case .attention(let pool): AttentionPoolGraph(pool: pool, tower: tower).finish(tokens, in: &builder)
    case .probe(let pool): ProbePoolGraph(pool: pool, tower: tower).finish(tokens, of: image, in: &builder)
    }
  }
}
