/// A stack of residual attention blocks (`Transformer` in OpenAI's `clip/model.py`).
public struct TransformerStack: Sendable, Equatable {
  /// Channels of the residual stream.
  public var width: Int
  /// Residual attention blocks.
  public var layers: Int
  /// Attention heads; the head size is `width / heads`.
  public var heads: Int
  /// Hidden channels of each MLP.
  public var mlpWidth: Int
  public var activation: Activation
  /// Added to the variance in every LayerNorm of the tower.
  public var epsilon: Float

  public init(width: Int, layers: Int, heads: Int, mlpWidth: Int, activation: Activation, epsilon: Float) {
    self.width = width
    self.layers = layers
    self.heads = heads
    self.mlpWidth = mlpWidth
    self.activation = activation
    self.epsilon = epsilon
  }

  public var headSize: Int { width / heads }
}

/// The nonlinearity of the transformers' MLPs. Tensor shapes do not determine it.
public enum Activation: UInt8, Sendable, Equatable, CaseIterable {
  /// x · sigmoid(1.702 x), OpenAI's `QuickGELU`.
  case quickGELU
  /// x · Φ(x) through erf, PyTorch's `nn.GELU()`.
  case gelu
  /// The tanh approximation of GELU (`approximate="tanh"`).
  case geluTanh
}

extension SchemaBuilder {
  mutating func addBlocks(of stack: TransformerStack, below prefix: StaticString) {
    let width = stack.width
    for layer in 0..<stack.layers {
      let block = ParameterName(prefix).appending(layer)
      let first = addLayerNorm(block.appending(".ln_1"), width)
      var values = addLinear(
        block.appending(".attn.in_proj_weight"), block.appending(".attn.in_proj_bias"), 3 * width, width,
        after: first)
      values.firstRow = 2 * width  // values follow queries and keys
      addLinear(block.appending(".attn.out_proj"), width, width, after: values)
      let second = addLayerNorm(block.appending(".ln_2"), width)
      addLinear(block.appending(".mlp.c_fc"), stack.mlpWidth, width, after: second)
      addLinear(block.appending(".mlp.c_proj"), width, stack.mlpWidth, after: nil)
    }
  }
}
