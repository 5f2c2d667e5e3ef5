internal import Architecture

// Layers that several towers use.
extension ONNXGraphBuilder {
  /// x `[M, K]` → x·Wᵀ + b `[M, N]`, of a module with `weight` `[N, K]` and `bias` `[N]`
  mutating func linear(_ x: String, _ name: String) -> String {
    linear(x, weight: "\(name).weight", bias: "\(name).bias", name)
  }

  /// Gemm uses W unchanged. Integers are stored as Wᵀ, because runtimes compute directly with the integers of a
  /// MatMul.
  mutating func linear(_ x: String, weight: String, bias: String, _ name: String) -> String {
    guard !isTransposed(weight) else {
      let product = add(.matMul, [x, parameter(weight)], "\(name).product")
      return add(.add, [product, parameter(bias)], name)
    }
    return add(.gemm, [x, parameter(weight), parameter(bias)], name, [.integer("transB", 1)])
  }

  /// Over the last axis.
  mutating func layerNorm(_ x: String, _ name: String, epsilon: Float) -> String {
    add(
      .layerNormalization, [x, parameter("\(name).weight"), parameter("\(name).bias")], name,
      [.integer("axis", -1), .float("epsilon", epsilon)])
  }

  mutating func activation(_ activation: Activation, _ x: String, _ name: String) -> String {
    switch activation {
    case .quickGELU: quickGELU(x, "\(name).gelu")
    case .gelu: gelu(x, "\(name).gelu")
    case .geluTanh: geluTanh(x, "\(name).gelu")
    }
  }

  /// x · sigmoid(1.702 x)
  private mutating func quickGELU(_ x: String, _ name: String) -> String {
    let scaled = add(.mul, [x, number(1.702)], "\(name).scaled")
    return add(.mul, [x, add(.sigmoid, [scaled], "\(name).sigmoid")], name)
  }

  /// x · (1 + erf(x / √2)) / 2
  private mutating func gelu(_ x: String, _ name: String) -> String {
    let scaled = add(.div, [x, number(Float(2.0.squareRoot()))], "\(name).scaled")
    let sum = add(.add, [add(.erf, [scaled], "\(name).erf"), number(1)], "\(name).sum")
    return add(.mul, [add(.mul, [x, sum], "\(name).double"), number(0.5)], name)
  }

  /// x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2
  private mutating func geluTanh(_ x: String, _ name: String) -> String {
    let square = add(.mul, [x, x], "\(name).square")
    let cube = add(.mul, [add(.mul, [square, x], "\(name).cube"), number(0.044_715)], "\(name).cubic")
    let inner = add(
      .mul, [add(.add, [x, cube], "\(name).polynomial"), number(0.797_884_56)], "\(name).scaled")
    let sum = add(.add, [add(.tanh, [inner], "\(name).tanh"), number(1)], "\(name).sum")
    return add(.mul, [add(.mul, [x, sum], "\(name).double"), number(0.5)], name)
  }

  /// The tower's output `[B, E]`: normalized if a projection makes it an embedding, unchanged if it is a hidden
  /// state.
  mutating func finish(_ x: String, isEmbedding: Bool, width: Int) {
    if isEmbedding {
      let length = add(
        .reduceL2, [x], "length", [.integers("axes", [-1]), .integer("keepdims", 1)])
      output(add(.div, [x, length], "embedding"), [width])
    } else {
      output(x, [width])
    }
  }
}
