internal import Archives
internal import TensorTypes

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// What exporters compute in advance from a parameter, so that its name is lost: class embedding and position tables
/// (expanded, sliced, gathered) and the logit scale (exponentiated). Each is told by its place in the graph.
struct FoldedTables {
  struct Table {
    var name: String
    var tensor: CheckpointTensor
    /// The constant it was made of.
    var value: String
    var isDequantized: Bool
  }

  private let constants: ONNXConstants
  private let index: ONNXGraphIndex
  private(set) var found: [Table] = []

  /// Operations that keep a map of patches, or a row of tokens, what it is.
  private static let rearranging: Set<String> = [
    "Reshape", "Transpose", "Flatten", "Cast", "QuantizeLinear", "DequantizeLinear", "Squeeze", "Unsqueeze",
    "Identity", "Mul",
  ]
  /// Operations that repeat a constant along the batch.
  private static let repeating: Set<String> = rearranging.union(["Expand", "Tile", "Where", "Add"])

  init(_ constants: ONNXConstants, _ index: ONNXGraphIndex) throws(ReadError) {
    self.constants = constants
    self.index = index
    for node in index.nodes {
      switch node.operation {
      case "Conv", "ConvInteger": try findImageTables(node)
      case "Gather": try findTextTable(node)
      case "Mul": try findLogitScale(node)
      default: break
      }
    }
  }

  /// Patches → Concat with the class embedding → Add of the position table.
  private mutating func findImageTables(_ conv: ONNXNode) throws(ReadError) {
    guard let kernel = conv.input(1).flatMap({ constants[$0] }), let name = kernel.parameter,
      let width = kernel.tensor.shape.first, let output = conv.outputs.first,
      let (classes, position) = Self.imageTables(beside: name)
    else { return }
    let joined = index.following(output, through: Self.rearranging) { node, patches -> (String, String)? in
      guard node.operation == "Concat", let output = node.outputs.first,
        let other = node.inputs.first(where: { $0 != patches })
      else { return nil }
      return (other, output)
    }
    guard let (rows, sequence) = joined else { return }
    if let value = constant(rows, width: width, through: Self.repeating) {
      try append(classes, value) { tensor throws(ReadError) in try tensor.firstRow(of: width) }
    }
    try findPosition(addedTo: sequence, width: width, name: position)
  }

  private mutating func findTextTable(_ gather: ONNXNode) throws(ReadError) {
    guard let table = gather.input(0).flatMap({ constants[$0] }), let output = gather.outputs.first,
      let name = table.parameter, table.tensor.shape.count == 2,
      let position = ONNXName.sibling(
        of: name, "embeddings.token_embedding.weight", "embeddings.position_embedding.weight")
        ?? ONNXName.sibling(of: name, "token_embedding.weight", "positional_embedding")
    else { return }
    try findPosition(addedTo: output, width: table.tensor.shape[1], name: position)
  }

  private mutating func findPosition(
    addedTo sequence: String, width: Int, name: String
  ) throws(ReadError) {
    let addend = index.following(sequence, through: Self.rearranging) { node, value -> String? in
      node.operation == "Add" ? node.inputs.first { $0 != value } : nil
    }
    guard let addend, let value = constant(addend, width: width, through: Self.rearranging) else { return }
    try append(name, value) { tensor throws(ReadError) in try tensor.rows(of: width) }
  }

  /// `exp(logit_scale)`, which torch's dynamo exporter computes: the number that scales a normalized embedding before
  /// the product with the other tower's, or that product.
  private mutating func findLogitScale(_ node: ONNXNode) throws(ReadError) {
    guard node.inputs.count == 2, !found.contains(where: { $0.name == "logit_scale" }) else { return }
    for (value, other) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
      guard let constant = constants[value], constant.parameter == nil, scalesLogits(node, other) else {
        continue
      }
      let tensor = constant.tensor
      guard tensor.elementCount == 1, tensor.dtype.isFloatingPoint, let factor = try tensor.floats().first,
        factor > 0
      else { continue }
      // In double precision the logarithm of a rounded exponential rounds to the number it was made of.
      let scale = Float(log(Double(factor)))
      let logarithm = try CheckpointTensor(computed: scale, shape: [], name: value, file: tensor.file)
      found.append(Table(name: "logit_scale", tensor: logarithm, value: value, isDequantized: false))
    }
  }

  private func scalesLogits(_ node: ONNXNode, _ other: String) -> Bool {
    guard let output = node.outputs.first, let maker = index.producer(of: other) else { return false }
    let takers = index.consumers(of: output)
    switch maker.operation {
    case "Div": return takers.contains { $0.operation == "MatMul" }
    // Attention's products are scaled too, but then masked or made weights.
    case "MatMul": return takers.allSatisfy { ["Transpose", "Cast", "Identity"].contains($0.operation) }
    default: return false
    }
  }

  /// The constant of rows of `width` floats that a value is, or is made of.
  private func constant(_ value: String, width: Int, through operations: Set<String>) -> String? {
    index.preceding(value, through: operations) { value, _ in
      guard let tensor = constants[value]?.tensor, tensor.dtype.isFloatingPoint, tensor.shape.last == width
      else {
        return nil
      }
      return value
    }
  }

  /// Adds it under its own name where it has one, as it is.
  private mutating func append(
    _ name: String, _ value: String, _ view: (CheckpointTensor) throws(ReadError) -> CheckpointTensor?
  ) throws(ReadError) {
    guard let constant = constants[value], constant.parameter == nil, let tensor = try view(constant.tensor),
      !found.contains(where: { $0.name == name })
    else { return }
    found.append(
      Table(name: name, tensor: tensor, value: value, isDequantized: constant.isDequantized))
  }

  private static func imageTables(beside kernel: String) -> (classes: String, position: String)? {
    if let classes = ONNXName.sibling(of: kernel, "patch_embedding.weight", "class_embedding"),
      let position = ONNXName.sibling(of: kernel, "patch_embedding.weight", "position_embedding.weight")
    {
      return (classes, position)
    }
    guard let classes = ONNXName.sibling(of: kernel, "conv1.weight", "class_embedding"),
      let position = ONNXName.sibling(of: kernel, "conv1.weight", "positional_embedding")
    else { return nil }
    return (classes, position)
  }
}

extension CheckpointTensor {
  /// The first of equal rows; nil where they differ.
  fileprivate func firstRow(of width: Int) throws(ReadError) -> CheckpointTensor? {
    let values = try floats()
    for start in stride(from: width, to: values.count, by: width) {
      for column in 0..<width where values[start + column].bitPattern != values[column].bitPattern {
        return nil
      }
    }
    return try CheckpointTensor(
      name: name, dtype: dtype, shape: [width], strides: strides.suffix(1), storageOffset: storageOffset,
      isBigEndian: isBigEndian, storage: storage, file: file)
  }

  /// `[rows, width]` of a table with leading axes of length one.
  fileprivate func rows(of width: Int) throws(ReadError) -> CheckpointTensor? {
    guard shape.count >= 2, shape.dropLast(2).allSatisfy({ $0 == 1 }) else { return nil }
    return try CheckpointTensor(
      name: name, dtype: dtype, shape: shape.suffix(2), strides: strides.suffix(2),
      storageOffset: storageOffset,
      isBigEndian: isBigEndian, storage: storage, file: file)
  }
}
