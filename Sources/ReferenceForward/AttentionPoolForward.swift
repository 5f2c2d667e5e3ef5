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
    var q = try project(mean, "q_proj")  // [B, 1, C]
    var k = try project(tokens, "k_proj")
    let v = try project(tokens, "v_proj")  // [B, N, C]
    (q, k) = (weights.complete(q), weights.complete(k))
    let attend = Attention(
      batch: v.shape[0], queries: 1, keys: count, heads: pool.heads, headSize: width / pool.heads,
      isCausal: false,
      scale: departures.attentionScale.factor(heads: pool.heads, headSize: width / pool.heads),
      product: product)
    let pooled = q.withView { q in  // [B, 1, C]
      k.withView { k in v.withView { v in attend(.init(q: q, k: k, v: v)) } }
    }
    let output = try project(pooled, "c_proj")  // [B, 1, E]
    let embedding = output.reshaped([output.shape[0], output.width])
    observe("visual.attnpool", embedding)
    return embedding
  }

  private func project(_ x: Tensor, _ name: String) throws(ModelError) -> Tensor {
    try weights.linear(x, "visual.attnpool.\(name)", by: product)
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

extension Tensor {
  /// The values as a matrix of rows.
  func withView<Result>(_ body: (MatrixProduct.View) -> Result) -> Result {
    values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("an empty operand") }
      return body(.init(base: base, stride: width))
    }
  }
}
