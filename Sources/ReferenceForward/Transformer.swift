internal import Architecture
internal import Models

/// A stack of pre-norm residual attention blocks (`Transformer` in OpenAI's `clip/model.py`). B items of N tokens, W
/// channels, F hidden channels.
struct Transformer {
  var stack: TransformerStack
  /// `visual.transformer` or `transformer`.
  var name: String
  var isCausal: Bool
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// x `[B, N, W]` → `[B, N, W]`
  func callAsFunction(_ input: Tensor) throws(ModelError) -> Tensor {
    var x = input  // [B, N, W]
    for layer in 0..<stack.layers {
      let block = "\(name).resblocks.\(layer)"
      weights.add(try attention(try layerNorm(x, "\(block).ln_1"), "\(block).attn"), to: &x)
      weights.add(try mlp(try layerNorm(x, "\(block).ln_2"), "\(block).mlp"), to: &x)
      observe(block, x)
    }
    return x
  }

  private func layerNorm(_ x: Tensor, _ name: String) throws(ModelError) -> Tensor {
    x.layerNorm(try weights("\(name).weight"), try weights("\(name).bias"), epsilon: stack.epsilon)
  }

  private func attention(_ x: Tensor, _ name: String) throws(ModelError) -> Tensor {
    let qkv = try weights.linear(  // [B, N, 3W], each row q, k, v
      x, "\(name).in_proj_weight", "\(name).in_proj_bias", by: product)
    let attend = Attention(
      batch: qkv.shape[0], queries: x.shape[1], keys: x.shape[1], heads: stack.heads,
      headSize: stack.headSize, isCausal: isCausal,
      scale: departures.attentionScale.factor(heads: stack.heads, headSize: stack.headSize), product: product)
    let heads = qkv.values.withUnsafeBufferPointer { buffer in  // [B, N, W]
      guard let base = buffer.baseAddress else { return x }
      let (width, stride) = (stack.width, 3 * stack.width)
      return attend(
        .init(
          q: .init(base: base, stride: stride), k: .init(base: base + width, stride: stride),
          v: .init(base: base + 2 * width, stride: stride)))
    }
    return try weights.linear(heads, "\(name).out_proj", by: product)  // [B, N, W]
  }

  private func mlp(_ x: Tensor, _ name: String) throws(ModelError) -> Tensor {
    let hidden = try weights.linear(x, "\(name).c_fc", by: product).activated(stack.activation)  // [B, N, F]
    return try weights.linear(hidden, "\(name).c_proj", by: product)  // [B, N, W]
  }
}
