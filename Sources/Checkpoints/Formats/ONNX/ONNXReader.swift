internal import Archives
internal import TensorTypes

/// Reads an ONNX file. Follows the graph from its inputs to its outputs, recognises the towers of a CLIP in the
/// operations that compute the embeddings, and names each weight after its use in the graph.
enum ONNXReader {
  static func read(_ file: MappedFile, limits: Limits) throws(ReadError) -> Checkpoint {
    var parser = ONNXParser(file, limits: limits)
    let graph = try parser.parse()
    var loader = ONNXTensorLoader(file: file, limits: limits)
    let initializers = try constants(graph, &loader)
    var sizes = GraphSizes(graph)
    let towers = try towers(graph, initializers, sizes, &loader)
    // A second pass with shifted positions, because a constant or otherwise computed position can match the probe
    // texts of one pass by chance.
    sizes.shift = 1
    guard try self.towers(graph, initializers, sizes, &loader).facts == towers.facts else {
      throw ReadError(.onnxUnclaimedNode, expected: "the same towers for other texts", found: "others")
    }
    let weights = try TowerTensors(towers, file: file.path)
    guard weights.tensors.contains(where: { $0.name != "logit_scale" }) else {
      throw ReadError(.onnxNoGraph, expected: "an embedding of a CLIP among its outputs", found: "none")
    }
    return try checkpoint(file, loader, initializers, weights, towers)
  }

  private static func constants(
    _ graph: ONNXGraph, _ loader: inout ONNXTensorLoader
  ) throws(ReadError) -> [String: GraphConstant] {
    var constants: [String: GraphConstant] = [:]
    for (tensor, offset) in try ONNXInitializers.tensors(of: graph, &loader) {
      guard let constant = GraphConstant(tensor, origin: tensor.name) else {
        throw ReadError(.numberOverflow, at: offset, found: "shape \(tensor.shape)")
      }
      constants[tensor.name] = constant
    }
    return constants
  }

  private static func towers(
    _ graph: ONNXGraph, _ initializers: [String: GraphConstant], _ sizes: GraphSizes,
    _ loader: inout ONNXTensorLoader
  ) throws(ReadError) -> TowerReader {
    var interpreter = GraphInterpreter(graph, sizes: sizes, loader: loader)
    try interpreter.run(initializers)
    loader = interpreter.loader
    var outputs: [Activation] = []
    for name in graph.outputs {
      guard case .activation(let activation)? = interpreter.values[name] else { continue }
      guard activation.quantization == nil else {
        throw ReadError(.onnxUnclaimedNode, expected: "floats", found: "output \(name)")
      }
      outputs.append(activation)
    }
    return try TowerReader(outputs, interpreter.terms)
  }

  private static func checkpoint(
    _ file: MappedFile, _ loader: ONNXTensorLoader, _ initializers: [String: GraphConstant],
    _ weights: TowerTensors,
    _ towers: TowerReader
  ) throws(ReadError) -> Checkpoint {
    let files = [file] + loader.externalFiles.sorted { $0.key < $1.key }.map(\.value)
    var checkpoint = Checkpoint(
      format: .onnx, files: files.map { SourceFile(path: $0.path, byteCount: $0.byteCount) },
      tensors: weights.tensors, ignored: unused(initializers, weights))
    checkpoint.evidence.graph = towers.facts
    if weights.dequantizedCount > 0 {
      checkpoint.notes.append(
        "\(weights.dequantizedCount) tensors are dequantized from integers: the precision lost in quantizing is not restored"
      )
    }
    if weights.foldedNormCount > 0 {
      checkpoint.notes.append(
        "\(weights.foldedNormCount) BatchNorms were folded into convolutions by the exporter: the model computes the same,"
          + " but its tensors differ from the original's")
    }
    return checkpoint
  }

  /// Constants that no parameter uses: shapes, masks, scales of activations.
  private static func unused(_ initializers: [String: GraphConstant], _ weights: TowerTensors)
    -> [IgnoredEntry]
  {
    let rest = initializers.values.filter { !weights.used.contains($0.origin) }
    guard !rest.isEmpty else { return [] }
    return [
      IgnoredEntry(
        name: "constants of the graph", reason: .graphConstant, tensorCount: rest.count,
        byteCount: rest.reduce(0) { $0 + $1.count * $1.dtype.byteWidth })
    ]
  }
}
