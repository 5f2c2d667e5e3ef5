internal import Architecture
internal import Models

/// `AttentionPool2d`: the query is the mean over positions; keys and values are the mean and every position.
struct AttentionPoolForward {
  var pool: AttentionPool
  var tower: ImageTower
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// x `[B, N − 1, C]` → `[B, E]`
  func callAsFunction(_ x: Tensor) throws(ModelError) -> Tensor {
    var tokens = withMean(x)  // [B, N, C]
    tokens.addRepeating(try weights("visual.attnpool.positional_embedding"))
    let (batch, count, width) = (tokens.shape[0], pool.tokenCount(of: tower), tower.width)
    let mean = Tensor([batch, 1, width], (0..<batch).flatMap { tokens.row($0 * count) })  // [B, 1, C]
    let attend = PoolingAttention(
      heads: pool.heads, weights: weights, product: product, departures: departures)
    let embedding = try attend(mean, tokens)  // [B, E]
    observe("visual.attnpool", embedding)
    return embedding
  }

  private func withMean(_ x: Tensor) -> Tensor {
    let (batch, area, width) = (x.shape[0], x.shape[1], x.shape[2])
    var values: [Float] = []
    values.reserveCapacity(batch * (area + 1) * width)
    for item in 0..<batch {
      var sums = [Double](repeating: 0, count: width)
      for position in 0..<area {
        for (channel, value) in x.row(item * area + position).enumerated() { sums[channel] += Double(value) }
      }
      values += sums.map { Float($0 / Double(area)) }
      values += x.values[item * area * width..<(item + 1) * area * width]
    }
    return Tensor([batch, area + 1, width], values)
  }
}
