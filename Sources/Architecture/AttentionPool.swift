/// Attention pooling: the query is the mean over all tokens; keys and values are the mean and every token. A
/// positional embedding is added to each of them first (`AttentionPool2d` in OpenAI's `clip/model.py`). The output
/// layer of the attention is the tower's projection.
public struct AttentionPool: Sendable, Equatable {
  public var heads: Int

  public init(heads: Int) { self.heads = heads }

  /// The trunk's tokens plus their mean.
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
