internal import Archives
internal import TensorTypes

/// What the names of nodes tell about constants: whose weight or bias one is that lost its own name when a cast of it
/// was folded, and which others an initializer stands for that exporters keep once because their values are equal.
extension ONNXConstants {
  mutating func nameByModules(_ index: ONNXGraphIndex) {
    for value in order {
      guard let constant = byValue[value], constant.tensor.dtype.isFloatingPoint,
        constant.tensor.elementCount > 1
      else { continue }
      let names = names(of: value, constant, index)
      // Where no module confirms a parameter's own name, modules and parameters are not named alike.
      guard let own = constant.parameter ?? names.first, names.contains(own) else { continue }
      byValue[value]?.parameter = own
      byValue[value]?.aliases = names.filter { $0 != own }
    }
  }

  /// One for each module that takes it, in the order of the nodes.
  private func names(of value: String, _ constant: Constant, _ index: ONNXGraphIndex) -> [String] {
    var names: [String] = []
    var known: Set<String> = []
    for node in index.consumers(of: value) {
      guard let name = name(of: value, constant, in: node, index), known.insert(name).inserted else {
        continue
      }
      names.append(name)
    }
    return names
  }

  private func name(
    of value: String, _ constant: Constant, in node: ONNXNode, _ index: ONNXGraphIndex
  ) -> String? {
    if node.operation == "Gemm" {
      guard value == node.input(2), let weight = node.input(1).flatMap({ byValue[$0]?.parameter }) else {
        return nil
      }
      return ONNXName.sibling(of: weight, "weight", "bias")
    }
    guard let module = node.module,
      let role = role(of: value, constant.tensor.shape.count, in: node, index)
    else { return nil }
    // A bias of attention is `in_proj_bias`, its values say as little as the role does.
    return module + "." + (constant.parameter.map(ONNXName.lastComponent) ?? role)
  }

  private func role(of value: String, _ rank: Int, in node: ONNXNode, _ index: ONNXGraphIndex) -> String? {
    switch (node.operation, rank) {
    case ("Conv", 4): return value == node.input(1) && node.input(2) == nil ? "weight" : nil
    case ("LayerNormalization", 1): return value == node.input(1) ? "weight" : "bias"
    // LayerNorm in parts: (x - mean) / deviation · weight + bias.
    case ("Mul", 1): return isTaken(with: ["Div"], value, by: node, index) ? "weight" : nil
    case ("Add", 1): return isTaken(with: ["Mul", "MatMul"], value, by: node, index) ? "bias" : nil
    default: return nil
    }
  }

  /// Whether the other operand comes from one of `operations`.
  private func isTaken(
    with operations: Set<String>, _ value: String, by node: ONNXNode, _ index: ONNXGraphIndex
  ) -> Bool {
    guard let other = node.inputs.first(where: { $0 != value }) else { return false }
    return index.preceding(other, through: ONNXGraphIndex.converting) { _, producer in
      producer.flatMap { operations.contains($0.operation) ? true : nil }
    } ?? false
  }
}
