/// Attention with a single query, the mean of all tokens, over the mean and all tokens, each with a position of its own
/// (`AttentionPool2d` in OpenAI's `clip/model.py`). Its output layer is the tower's projection.
public struct AttentionPool: Sendable, Equatable {
  public var heads: Int

  public init(heads: Int) { self.heads = heads }

  /// The trunk's tokens and their mean.
  public func tokenCount(of tower: ImageTower) -> Int { tower.tokenCount + 1 }
}

extension SchemaBuilder {
  mutating func add(_ pool: AttentionPool, of tower: ImageTower) {
    let width = tower.width
    add("visual.attnpool.positional_embedding", [pool.tokenCount(of: tower), width], .positions)
    addLinear(ParameterName("visual.attnpool.q_proj"), width, width, after: nil)
    addLinear(ParameterName("visual.attnpool.k_proj"), width, width, after: nil)
    let values = addLinear(ParameterName("visual.attnpool.v_proj"), width, width, after: nil)
    addLinear(ParameterName("visual.attnpool.c_proj"), tower.outputWidth, width, after: values)
  }
}
