package import Archives

/// The constant tensors of a graph.
enum ONNXInitializers {
  /// Tensors, with the offset of each message in the file. Text tensors are omitted.
  ///
  /// - Throws: errors of a tensor, `duplicateTensorName`.
  static func tensors(
    of graph: ONNXGraph, _ loader: inout ONNXTensorLoader
  ) throws(ReadError) -> [(tensor: CheckpointTensor, offset: UInt64)] {
    var tensors: [(tensor: CheckpointTensor, offset: UInt64)] = []
    var names: Set<String> = []
    for record in graph.initializers {
      guard let tensor = try loader.tensor(record) else { continue }
      guard names.insert(record.name).inserted else {
        throw ReadError(
          .duplicateTensorName, at: UInt64(record.offset), found: record.name, path: [.tensor(record.name)])
      }
      tensors.append((tensor, UInt64(record.offset)))
    }
    return tensors
  }
}

extension Checkpoint {
  /// The initializers of an ONNX file under their own names, independent of what the graph computes.
  package static func onnxInitializers(
    of file: MappedFile, limits: Limits = .standard
  ) throws(ReadError) -> [CheckpointTensor] {
    let limits = limits.withBudget(forByteCount: file.byteCount)
    var parser = ONNXParser(file, limits: limits)
    let graph = try parser.parse()
    var loader = ONNXTensorLoader(file: file, limits: limits)
    return try ONNXInitializers.tensors(of: graph, &loader).map(\.tensor)
  }
}
