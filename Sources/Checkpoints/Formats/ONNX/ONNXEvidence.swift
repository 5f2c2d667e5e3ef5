internal import Archives
internal import TensorTypes

/// What an exported graph shows of the things that weights do not tell.
public struct GraphFacts: Sendable, Equatable {
  public enum Activation: Sendable, Equatable {
    /// x · sigmoid(1.702 x)
    case quickGELU
    /// Through the error function.
    case gelu
    /// Through the hyperbolic tangent.
    case geluTanh
  }

  public struct Tower: Sendable, Equatable {
    public var activation: Activation?
    /// Of LayerNorm.
    public var epsilon: Float?
    public var heads: AttentionHeads?
  }

  public var image = Tower()
  public var text = Tower()
}

extension GraphFacts {
  /// Nil entries where the graph shows nothing, or where layers of one tower differ.
  init(_ constants: ONNXConstants, _ index: ONNXGraphIndex, names: [String]) {
    let isTextOnly = names.contains { $0.hasSuffix("token_embedding.weight") }
    func isImage(_ parameter: String) -> Bool {
      parameter.contains("visual.") || parameter.contains("vision_model.") || !isTextOnly
    }
    var activations: [Bool: Set<Activation>] = [:]
    var epsilons: [Bool: Set<Float>] = [:]
    var heads: [Bool: Set<AttentionHeads>] = [:]
    let attention = AttentionHeadReader(constants: constants, index: index)
    let reader = GraphFactReader(constants: constants, index: index)
    for node in index.nodes {
      if let (parameter, activation) = reader.activation(node) {
        activations[isImage(parameter), default: []].insert(activation)
      }
      if let (parameter, epsilon) = reader.epsilon(node) {
        epsilons[isImage(parameter), default: []].insert(epsilon)
      }
      if let (queries, layer) = attention.heads(node), let parameter = reader.parameter(behind: queries) {
        heads[isImage(parameter), default: []].insert(layer)
      }
    }
    func tower(_ isImage: Bool) -> Tower {
      func only<Value>(_ values: Set<Value>?) -> Value? { values?.count == 1 ? values?.first : nil }
      return Tower(
        activation: only(activations[isImage]), epsilon: only(epsilons[isImage]), heads: only(heads[isImage]))
    }
    image = tower(true)
    text = tower(false)
  }
}

/// Facts of single nodes, each with a parameter of the layer that it belongs to.
private struct GraphFactReader {
  let constants: ONNXConstants
  let index: ONNXGraphIndex

  /// From a linear layer to its heads; what computes their shapes is no part of it.
  private static let shaping = ONNXGraphIndex.converting.union([
    "Add", "MatMul", "MatMulInteger", "Gemm", "Mul", "Div", "Reshape", "Transpose", "Gather", "Slice",
    "Split",
    "Squeeze", "Unsqueeze",
  ])

  func activation(_ node: ONNXNode) -> (parameter: String, GraphFacts.Activation)? {
    guard let input = node.input(0) else { return nil }
    switch node.operation {
    case "Sigmoid":
      guard isScaledForQuickGELU(input) else { return nil }
      return bias(behind: input).map { ($0, .quickGELU) }
    case "Erf": return bias(behind: input).map { ($0, .gelu) }
    case "Tanh": return bias(behind: input).map { ($0, .geluTanh) }
    default: return nil
    }
  }

  /// A parameter of the layer that a value comes from.
  func parameter(behind value: String) -> String? {
    index.preceding(value, through: Self.shaping) { value, _ in constants[value]?.parameter }
  }

  /// The bias of the linear layer whose output comes here.
  private func bias(behind value: String) -> String? {
    index.preceding(value, through: nil) { _, producer in
      guard let producer, ["Add", "Gemm"].contains(producer.operation) else { return nil }
      return producer.inputs.lazy.compactMap { constants[$0]?.parameter }.first { $0.hasSuffix("bias") }
    }
  }

  /// Whether a value is another times 1.702, quantized or not.
  private func isScaledForQuickGELU(_ value: String) -> Bool {
    let product = index.preceding(value, through: ONNXGraphIndex.converting) {
      _, producer in
      producer?.operation == "Mul" ? producer : nil
    }
    let factor = product?.inputs.lazy.compactMap { number($0) }.first
    return factor.map { abs($0 - 1.702) < 0.02 } ?? false
  }

  func epsilon(_ node: ONNXNode) -> (parameter: String, Float)? {
    switch node.operation {
    case "LayerNormalization":
      guard let name = node.input(1).flatMap({ constants[$0]?.parameter }) else { return nil }
      return (name, node.float("epsilon") ?? 1e-5)
    case "Sqrt":
      // ONNX had no LayerNormalization before opset 17: Add(variance, ε) → Sqrt → Div → Mul(weight).
      let sum = node.input(0).flatMap { value in
        index.preceding(value, through: ONNXGraphIndex.converting) { _, producer in
          producer?.operation == "Add" ? producer : nil
        }
      }
      guard let sum, let epsilon = sum.inputs.lazy.compactMap({ number($0) }).first,
        let output = node.outputs.first
      else { return nil }
      let weight = index.following(output, through: ONNXGraphIndex.converting.union(["Div"])) {
        next, _ -> String? in
        guard next.operation == "Mul" else { return nil }
        return next.inputs.lazy.compactMap { constants[$0]?.parameter }.first
      }
      return weight.map { ($0, epsilon) }
    default: return nil
    }
  }

  private func number(_ value: String) -> Float? {
    guard let tensor = constants[value]?.tensor, tensor.elementCount == 1, tensor.dtype.isFloatingPoint else {
      return nil
    }
    return (try? tensor.floats())?.first
  }
}
