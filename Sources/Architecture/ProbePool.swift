/// Attention pooling with a learned query, and an MLP on the result (`MAPHead` in big_vision's `models/vit.py`, after "Set
/// Transformer", Lee et al. 2019). Keys and values are the trunk's tokens after the last LayerNorm:
///
///     y = attention(query: probe, keys and values: ln_post(x));   pooled = y + c_proj(activation(c_fc(ln(y))))
public struct ProbePool: Sendable, Equatable {
  public var heads: Int
  /// Hidden channels of the MLP, whose activation is the trunk's.
  public var mlpWidth: Int

  public init(heads: Int, mlpWidth: Int) {
    self.heads = heads
    self.mlpWidth = mlpWidth
  }
}

extension SchemaBuilder {
  mutating func add(_ pool: ProbePool, of tower: ImageTower) {
    let width = tower.width
    addLayerNorm(ParameterName("visual.ln_post"), width)
    add("visual.attnpool.probe", [width], .vector)
    addLinear(ParameterName("visual.attnpool.q_proj"), width, width, after: nil)
    // One LayerNorm cannot be equalized with the keys' and the values' matrix separately.
    addLinear(ParameterName("visual.attnpool.k_proj"), width, width, after: nil)
    let values = addLinear(ParameterName("visual.attnpool.v_proj"), width, width, after: nil)
    addLinear(ParameterName("visual.attnpool.c_proj"), width, width, after: values)
    let norm = addLayerNorm(ParameterName("visual.attnpool.ln"), width)
    addLinear(ParameterName("visual.attnpool.mlp.c_fc"), pool.mlpWidth, width, after: norm)
    addLinear(ParameterName("visual.attnpool.mlp.c_proj"), width, pool.mlpWidth, after: nil)
  }
}
