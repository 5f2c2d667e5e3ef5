internal import Archives
internal import TensorTypes

/// The attention pooling of a ResNet, all of whose names but the last projection's are lost where an exporter folds
/// constants: weights are transposed, biases joined, positions given an axis for the batch.
struct AttentionPool {
  private let constants: ONNXConstants
  private let index: ONNXGraphIndex
  /// `visual.attnpool.`
  private let module: String

  private static let lastProjection = "attnpool.c_proj.weight"
  /// Operations between a projection and the product of attention.
  private static let rearranging: Set<String> = [
    "Add", "Mul", "Reshape", "Transpose", "Cast", "Squeeze", "Unsqueeze", "Identity",
  ]

  /// - Returns: nil for a graph without one.
  init?(_ constants: ONNXConstants, _ index: ONNXGraphIndex) {
    let names = constants.order.lazy.compactMap { constants[$0]?.parameter }
    guard let last = names.first(where: { $0.hasSuffix(Self.lastProjection) }) else { return nil }
    self.constants = constants
    self.index = index
    module = String(last.dropLast("c_proj.weight".count))
  }

  /// Which projection a product without a name is: its result is the first operand of queries times keys, the second,
  /// or what the softmax of that is multiplied by.
  func projection(_ node: ONNXNode) -> String? {
    guard let output = node.outputs.first else { return nil }
    let letter = index.following(output, through: Self.rearranging) { product, value -> String? in
      guard product.operation == "MatMul", product.inputs.count == 2, constants[product.inputs[1]] == nil
      else {
        return nil
      }
      if value == product.inputs[0] { return "q" }
      return isSoftmax(product.inputs[0]) ? "v" : "k"
    }
    return letter.map { module + $0 + "_proj" }
  }

  private func isSoftmax(_ value: String) -> Bool {
    index.preceding(value, through: ONNXGraphIndex.converting) { _, producer in
      producer?.operation == "Softmax" ? true : nil
    } ?? false
  }

  /// The bias that is added to a projection: a constant, or its part of the three joined.
  func bias(of node: ONNXNode) throws(ReadError) -> (value: String, tensor: CheckpointTensor)? {
    guard let output = node.outputs.first,
      let sum = index.consumers(of: output).first(where: { $0.operation == "Add" }),
      let addend = sum.inputs.first(where: { $0 != output })
    else { return nil }
    if let constant = constants[addend] { return (addend, constant.tensor) }
    guard let split = index.producer(of: addend), split.operation == "Split",
      let part = split.outputs.firstIndex(of: addend), split.outputs.count == 3, let joined = split.input(0),
      let tensor = constants[joined]?.tensor, tensor.shape.count == 1, tensor.shape[0] % 3 == 0
    else { return nil }
    return (joined, try tensor.rows(part * (tensor.shape[0] / 3), count: tensor.shape[0] / 3))
  }

  /// The table that is added to the mean and the map: `[positions, 1, width]`.
  func positions() throws(ReadError) -> (name: String, value: String, tensor: CheckpointTensor)? {
    for node in index.nodes where node.operation == "Concat" {
      guard let sequence = node.outputs.first,
        node.input(0).flatMap(index.producer)?.operation == "ReduceMean",
        let sum = index.consumers(of: sequence).first(where: { $0.operation == "Add" }),
        let table = sum.inputs.first(where: { $0 != sequence }), let constant = constants[table],
        constant.tensor.shape.count == 3, constant.tensor.shape[1] == 1
      else { continue }
      return (module + "positional_embedding", table, try constant.tensor.withoutAxis(1))
    }
    return nil
  }
}

extension CheckpointTensor {
  /// Rows of the slowest axis.
  fileprivate func rows(_ first: Int, count: Int) throws(ReadError) -> CheckpointTensor {
    try CheckpointTensor(
      name: name, dtype: dtype, shape: [count] + shape.dropFirst(), strides: strides,
      storageOffset: storageOffset + first * strides[0], isBigEndian: isBigEndian, storage: storage,
      file: file)
  }

  /// Without an axis of length one.
  fileprivate func withoutAxis(_ axis: Int) throws(ReadError) -> CheckpointTensor {
    var (shape, strides) = (shape, strides)
    shape.remove(at: axis)
    strides.remove(at: axis)
    return try CheckpointTensor(
      name: name, dtype: dtype, shape: shape, strides: strides, storageOffset: storageOffset,
      isBigEndian: isBigEndian, storage: storage, file: file)
  }
}
