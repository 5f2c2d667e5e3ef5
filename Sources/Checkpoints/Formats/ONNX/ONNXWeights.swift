internal import Archives
internal import TensorTypes

/// The parameters of a graph under their names, in the layout that the module has them in.
///
/// Exporters keep the names of parameters that an operation takes as they are. A linear layer's weight is transposed
/// for MatMul, class embedding and position table are expanded or sliced, and what is computed so has no name; what
/// takes it tells.
struct ONNXWeights {
  private let constants: ONNXConstants
  private let index: ONNXGraphIndex
  private let attentionPool: AttentionPool?
  private(set) var tensors: [CheckpointTensor] = []
  private(set) var dequantizedCount = 0
  /// BatchNorms that the exporter folded into convolutions.
  private(set) var foldedNormCount = 0
  /// Position of each name in `tensors`, with the storage's value it was taken from.
  private var origins: [String: String] = [:]
  /// Constants that a parameter was made of.
  private(set) var used: Set<String> = []
  /// Biases that the attention pooling names; what their nodes' module says, `attnpool.bias`, is no parameter.
  private var pooledBiases: Set<String> = []

  /// Operations between a product and the Add of its bias.
  private static let beforeBias: Set<String> = [
    "Cast", "Mul", "Reshape", "Squeeze", "Unsqueeze", "QuantizeLinear", "DequantizeLinear", "Identity",
  ]

  /// - Throws: `onnxUnnamedWeight`, `duplicateTensorName`, `onnxQuantization`.
  init(_ constants: ONNXConstants, _ index: ONNXGraphIndex) throws(ReadError) {
    self.constants = constants
    self.index = index
    attentionPool = AttentionPool(constants, index)
    for node in index.nodes { try claim(node) }
    for table in try FoldedTables(constants, index).found {
      try add(table.name, table.tensor, from: table.value, isDequantized: table.isDequantized)
    }
    try claimNamed()
    if let table = try attentionPool?.positions(), origins[table.name] == nil {
      try add(table.name, table.tensor, from: table.value, isDequantized: false)
    }
  }

  private mutating func claim(_ node: ONNXNode) throws(ReadError) {
    switch node.operation {
    case "MatMul", "MatMulInteger": try claimMatrix(node, isOutputsFirst: false)
    case "Gemm": try claimMatrix(node, isOutputsFirst: node.integer("transB") == 1)
    case "Conv", "ConvInteger": try claimKernel(node)
    case "Gather":
      guard let value = node.input(0), let table = try constants.floats(value, axis: 0) else { return }
      guard table.tensor.shape.count == 2, let name = table.parameter ?? module(of: node, ".weight") else {
        return
      }
      try add(name, table.tensor, from: value, isDequantized: table.isDequantized)
    default: break
    }
  }

  /// The second operand of a product, `[in, out]` as MatMul has it or `[out, in]`.
  private mutating func claimMatrix(_ node: ONNXNode, isOutputsFirst: Bool) throws(ReadError) {
    guard let value = node.input(1), let constant = try constants.floats(value, axis: -1),
      constant.tensor.shape.count == 2
    else { return }
    if constant.parameter == nil, let pool = attentionPool, let name = pool.projection(node) {
      let matrix = isOutputsFirst ? constant.tensor : constant.tensor.permuted([1, 0])
      return try claim(name, matrix, from: value, constant.isDequantized, bias: try pool.bias(of: node))
    }
    guard let name = constant.parameter ?? recoveredName(node) else {
      throw ReadError(
        .onnxUnnamedWeight, found: "\(constant.tensor.shape) of node \(node.name)", path: [.tensor(value)])
    }
    let isAsKept = ONNXName.isOutputsFirst(name) == isOutputsFirst
    let tensor = isAsKept ? constant.tensor : constant.tensor.permuted([1, 0])
    try add(name, tensor, from: value, isDequantized: constant.isDequantized)
  }

  private mutating func claim(
    _ module: String, _ matrix: CheckpointTensor, from value: String, _ isDequantized: Bool,
    bias: (value: String, tensor: CheckpointTensor)?
  ) throws(ReadError) {
    try add(module + ".weight", matrix, from: value, isDequantized: isDequantized)
    guard let bias else { return }
    pooledBiases.insert(bias.value)
    try add(module + ".bias", bias.tensor, from: bias.value, isDequantized: false)
  }

  private mutating func claimKernel(_ node: ONNXNode) throws(ReadError) {
    guard let value = node.input(1), let constant = try constants.floats(value, axis: 0) else { return }
    // The third input of ConvInteger is a zero point.
    let bias = node.operation == "Conv" ? node.input(2) : nil
    let hasOwnBias = bias.map { constants[$0]?.parameter != nil } ?? true
    if let name = constant.parameter, hasOwnBias {
      return try add(name, constant.tensor, from: value, isDequantized: constant.isDequantized)
    }
    guard let name = constant.parameter ?? module(of: node, ".weight"), let bias,
      let norm = FoldedNorm.module(afterKernel: name), let shift = constants[bias]?.tensor
    else {
      throw ReadError(
        .onnxUnnamedWeight, found: "\(constant.tensor.shape) of convolution \(node.name)",
        path: [.tensor(value)])
    }
    try add(name, constant.tensor, from: value, isDequantized: constant.isDequantized)
    for (name, tensor) in try FoldedNorm.tensors(norm, bias: shift) {
      try add(name, tensor, from: bias, isDequantized: false)
    }
    foldedNormCount += 1
  }

  // MARK: Names

  /// From the bias that is added to the product; from the node's name; from the LayerNorm that stands before a
  /// projection without bias.
  private func recoveredName(_ node: ONNXNode) -> String? {
    guard let output = node.outputs.first else { return nil }
    if node.operation == "Gemm", let bias = node.input(2).flatMap({ constants[$0]?.parameter }) {
      return ONNXName.weight(besideBias: bias)
    }
    let bias = index.following(output, through: Self.beforeBias) { next, _ -> ONNXConstants.Constant? in
      guard next.operation == "Add" else { return nil }
      return next.inputs.lazy.compactMap { constants[$0] }.first { $0.parameter != nil }
    }
    if let bias, let weight = bias.parameter.flatMap(ONNXName.weight(besideBias:)) {
      return bias.aliases.isEmpty ? weight : module(of: node, "." + ONNXName.lastComponent(weight))
    }
    return module(of: node, ".weight") ?? projection(node)
  }

  private func module(of node: ONNXNode, _ suffix: String) -> String? {
    node.module.map { $0 + suffix }
  }

  private func projection(_ node: ONNXNode) -> String? {
    guard let input = node.input(0) else { return nil }
    return index.preceding(input, through: nil) { value, _ in
      guard let parameter = constants[value]?.parameter else { return nil }
      if parameter.hasSuffix("post_layernorm.weight") { return "visual_projection.weight" }
      return parameter.hasSuffix("final_layer_norm.weight") ? "text_projection.weight" : nil
    }
  }

  // MARK: What keeps its name

  /// All other constants that are named after a parameter. Of several for one the first counts: an operation may
  /// have made the others of it.
  private mutating func claimNamed() throws(ReadError) {
    for value in constants.order {
      guard let constant = constants[value], let name = constant.parameter, origins[name] == nil,
        !pooledBiases.contains(value)
      else { continue }
      if !constant.tensor.dtype.isFloatingPoint, value.hasSuffix("_quantized") { continue }
      try add(name, constant.tensor, from: value, isDequantized: constant.isDequantized)
      for alias in constant.aliases where origins[alias] == nil {
        try add(alias, constant.tensor, from: value, isDequantized: constant.isDequantized)
      }
    }
  }

  private mutating func add(
    _ name: String, _ tensor: CheckpointTensor, from value: String, isDequantized: Bool
  ) throws(ReadError) {
    used.insert(value)
    if let origin = origins[name] {
      guard origin == value || constants[origin]?.tensor.hasStorage(of: tensor) == true else {
        throw ReadError(.duplicateTensorName, found: "\(origin) and \(value)", path: [.tensor(name)])
      }
      return
    }
    origins[name] = value
    if isDequantized { dequantizedCount += 1 }
    tensors.append(CheckpointTensor(renaming: tensor, to: name))
  }
}

extension CheckpointTensor {
  /// Whether both are views of the same bytes of one file.
  fileprivate func hasStorage(of other: CheckpointTensor) -> Bool {
    guard let mine = storage as? FileSlice, let others = other.storage as? FileSlice else { return false }
    return mine.file === others.file && mine.range == others.range
  }
}
