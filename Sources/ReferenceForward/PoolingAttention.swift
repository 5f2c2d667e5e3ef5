internal import Architecture
internal import Models

/// The attention of both pools, with one query for each image and the tensors below `visual.attnpool`. B images, N tokens of W
/// channels, E outputs.
struct PoolingAttention {
  var heads: Int
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures

  /// query `[B, 1, W]`, tokens `[B, N, W]` → `[B, E]`
  func callAsFunction(_ query: Tensor, _ tokens: Tensor) throws(ModelError) -> Tensor {
    var q = try project(query, "q_proj")  // [B, 1, W]
    var k = try project(tokens, "k_proj")
    let v = try project(tokens, "v_proj")  // [B, N, W]
    (q, k) = (weights.complete(q), weights.complete(k))
    let headSize = tokens.width / heads
    let attend = Attention(
      batch: v.shape[0], queries: 1, keys: v.shape[1], heads: heads, headSize: headSize, isCausal: false,
      scale: departures.attentionScale.factor(heads: heads, headSize: headSize), product: product)
    let pooled = q.withView { q in  // [B, 1, W]
      k.withView { k in v.withView { v in attend(.init(q: q, k: k, v: v)) } }
    }
    let output = try project(pooled, "c_proj")  // [B, 1, E]
    return output.reshaped([output.shape[0], output.width])
  }

  private func project(_ x: Tensor, _ name: String) throws(ModelError) -> Tensor {
    try weights.linear(x, "visual.attnpool.\(name)", by: product)
  }
}

extension Tensor {
  /// The values as a matrix of rows.
  fileprivate func withView<Result>(_ body: (MatrixProduct.View) -> Result) -> Result {
    values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("an empty operand") }
      return body(.init(base: base, stride: width))
    }
  }
}
