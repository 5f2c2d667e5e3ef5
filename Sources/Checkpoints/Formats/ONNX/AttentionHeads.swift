internal import Archives
internal import TensorTypes

/// How a graph states the heads of one attention.
public enum AttentionHeads: Sendable, Hashable {
  case count(Int)
  /// Channels of each head.
  case width(Int)
}

/// Finds the heads of attention layers: queries are reshaped to `[batch, heads, sequence, width]`, or to
/// `[batch, sequence, heads, width]`, before they meet the keys, and at least one of the two is a constant.
struct AttentionHeadReader {
  let constants: ONNXConstants
  let index: ONNXGraphIndex

  /// Between the product with the keys and the softmax.
  private static let masking = ONNXGraphIndex.converting.union(["Add", "Mul", "Div", "Where", "Reshape"])
  /// Between the reshaped queries and the product.
  private static let scaling = ONNXGraphIndex.converting.union(["Mul", "Div", "Transpose"])

  /// The heads of the attention whose softmax this node is, or which it is itself, and the value that has them.
  func heads(_ node: ONNXNode) -> (queries: String, AttentionHeads)? {
    guard let queries = queries(node) else { return nil }
    let reshaped = index.preceding(queries, through: Self.scaling) { _, producer in
      producer?.operation == "Reshape" ? producer : nil
    }
    guard let reshaped, let input = reshaped.input(0), let shape = reshaped.input(1).map(extents),
      let heads = Self.heads(shape)
    else { return nil }
    return (input, heads)
  }

  private func queries(_ node: ONNXNode) -> String? {
    switch node.operation {
    case "Attention": return node.input(0)
    case "Softmax":
      guard let scores = node.input(0) else { return nil }
      let product = index.preceding(scores, through: Self.masking) { _, producer in
        producer?.operation == "MatMul" ? producer : nil
      }
      return product?.input(0)
    default: return nil
    }
  }

  private static func heads(_ shape: [Int?]) -> AttentionHeads? {
    if let last = shape.last, let width = last, width > 0 { return .width(width) }
    if shape.count == 4, let count = shape[1], count > 0 { return .count(count) }
    return nil
  }

  /// Of a target shape, with nil for what is computed.
  private func extents(_ shape: String) -> [Int?] {
    if let numbers = numbers(shape) { return numbers }
    guard let producer = index.producer(of: shape), producer.operation == "Concat" else { return [] }
    return producer.inputs.map { extent in
      let number = index.preceding(extent, through: ["Unsqueeze"]) { value, _ in numbers(value) }
      return number?.first
    }
  }

  private func numbers(_ value: String) -> [Int]? {
    guard let tensor = constants[value]?.tensor, tensor.dtype == .i64, tensor.elementCount <= 8 else {
      return nil
    }
    return (try? tensor.floats())?.map { Int(exactly: $0) ?? 0 }
  }
}
