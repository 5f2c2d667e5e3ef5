internal import Archives

/// An ONNX file as a checkpoint: the weights of its graph, under the names that the exported module had.
enum ONNXReader {
  static func read(_ file: MappedFile, limits: Limits) throws(ReadError) -> Checkpoint {
    var parser = ONNXParser(file, limits: limits)
    let graph = try parser.parse()
    try refuseFused(graph)
    var loader = ONNXTensorLoader(file: file)
    var constants = try ONNXConstants(graph, &loader)
    let index = ONNXGraphIndex(graph.nodes)
    constants.nameByModules(index)
    let weights = try ONNXWeights(constants, index)
    guard !weights.tensors.isEmpty else {
      throw ReadError(.onnxNoGraph, expected: "parameters of a CLIP", found: "none")
    }
    return try checkpoint(file, loader, constants, weights, index, limits: limits)
  }

  private static func checkpoint(
    _ file: MappedFile, _ loader: ONNXTensorLoader, _ constants: ONNXConstants, _ weights: ONNXWeights,
    _ index: ONNXGraphIndex, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    let sieve = try TensorSieve(weights.tensors, limits: limits)
    let files = [file] + loader.externalFiles.sorted { $0.key < $1.key }.map(\.value)
    var checkpoint = Checkpoint(
      format: .onnx, files: files.map { SourceFile(path: $0.path, byteCount: $0.byteCount) },
      tensors: sieve.tensors, ignored: sieve.ignored + unused(constants, weights), notes: sieve.notes)
    checkpoint.evidence.strippedPrefix = sieve.strippedPrefix
    checkpoint.evidence.scalarBuffers = sieve.scalarBuffers
    checkpoint.evidence.graph = GraphFacts(constants, index, names: sieve.tensors.map(\.name))
    if weights.dequantizedCount > 0 {
      checkpoint.notes.append(
        "\(weights.dequantizedCount) tensors are dequantized from integers: what quantizing lost stays lost")
    }
    if weights.foldedNormCount > 0 {
      checkpoint.notes.append(
        "\(weights.foldedNormCount) BatchNorms were folded into convolutions by the exporter: the model computes the same,"
          + " its tensors are not the original's")
    }
    return checkpoint
  }

  /// Constants that no parameter was made of: shapes, masks, scales of activations.
  private static func unused(_ constants: ONNXConstants, _ weights: ONNXWeights) -> [IgnoredEntry] {
    let rest = constants.order.filter { !weights.used.contains($0) && constants[$0]?.parameter == nil }
    guard !rest.isEmpty else { return [] }
    let byteCount = rest.reduce(0) { $0 + (constants[$1]?.tensor.byteCount ?? 0) }
    return [
      IgnoredEntry(
        name: "constants of the graph", reason: .graphConstant, tensorCount: rest.count, byteCount: byteCount)
    ]
  }

  // MARK: Fused graphs

  /// Operations of other domains that leave a layer's weights as they are.
  private static let harmless: Set<String> = [
    "QuickGelu", "Gelu", "FastGelu", "QuantizeLinear", "DequantizeLinear",
  ]
  /// ONNX's own operations that hold weights in a form this reader does not know.
  private static let unread: Set<String> = ["QLinearMatMul", "QLinearConv"]

  private static func refuseFused(_ graph: ONNXGraph) throws(ReadError) {
    for node in graph.nodes {
      let isOwn = node.domain.isEmpty || node.domain == "ai.onnx"
      guard isOwn ? unread.contains(node.operation) : !harmless.contains(node.operation) else { continue }
      throw ReadError(.onnxFusedGraph, found: "\(node.operation) (node \(node.name))")
    }
  }
}
