/// A graph to write as `model.onnx`, with its weights inside, or, if they exceed the limit of Protocol Buffers, in a
/// file next to it.
struct ONNXModelFile {
  var graph: ONNXGraph
  /// `metadata_props`.
  var metadata: [(key: String, value: String)]
  /// The longest message has 2³¹ − 1 bytes.
  var byteLimit = Int(Int32.max)

  /// The first opset with LayerNormalization; every ONNX Runtime since 1.12 supports it.
  static let opset = 17
  /// The version of the file format that belongs to this opset.
  private static let irVersion = 8
  /// External tensors start on pages, so that they can be mapped.
  private static let pageSize = 4096
  private static let modelName = "model.onnx"
  private static let dataName = "model.onnx.data"

  /// - Parameter folder: with a slash at the end, or empty.
  func files(below folder: String) -> [PlannedFile] {
    let file = embedded(folder + Self.modelName)
    return file.byteCount > byteLimit ? external(folder) : [file]
  }

  /// `ModelProto` up to its graph.
  private var header: ProtobufWriter {
    var writer = ProtobufWriter()
    writer.integer(1, Self.irVersion)
    writer.string(2, "pocketclip")
    writer.message(8) { opset in
      opset.string(1, "")
      opset.integer(2, Self.opset)
    }
    for (key, value) in metadata {
      writer.message(14) { entry in
        entry.string(1, key)
        entry.string(2, value)
      }
    }
    return writer
  }

  /// `GraphProto` without its initializers.
  private var graphHeader: ProtobufWriter {
    var writer = ProtobufWriter()
    for node in graph.nodes { writer.message(1) { node.encode(into: &$0) } }
    writer.string(2, graph.name)
    for input in graph.inputs { writer.message(11) { input.encode(into: &$0) } }
    for output in graph.outputs { writer.message(12) { output.encode(into: &$0) } }
    return writer
  }

  private func embedded(_ name: String) -> PlannedFile {
    let prefixes = graph.initializers.map { Self.prefix(of: $0) }
    let graphHeader = graphHeader.bytes
    let graphCount = zip(prefixes, graph.initializers).reduce(graphHeader.count) { sum, tensor in
      sum + tensor.0.count + tensor.1.content.byteCount
    }
    var writer = header
    writer.prefix(7, byteCount: graphCount)
    var file = PlannedFile(name: name)
    file.append(.bytes(writer.bytes + graphHeader))
    for (prefix, initializer) in zip(prefixes, graph.initializers) {
      file.append(.bytes(prefix))
      file.append(initializer.content)
    }
    return file
  }

  /// The bytes before an initializer's values: its key, length and header, and the key and length of `raw_data`.
  private static func prefix(of initializer: ONNXInitializer) -> [UInt8] {
    var tensor = ProtobufWriter()
    initializer.encodeHeader(into: &tensor)
    tensor.prefix(9, byteCount: initializer.content.byteCount)
    var writer = ProtobufWriter()
    writer.prefix(5, byteCount: tensor.bytes.count + initializer.content.byteCount)
    return writer.bytes + tensor.bytes
  }

  /// The graph with its constants, and the weights in a separate file.
  private func external(_ folder: String) -> [PlannedFile] {
    var data = PlannedFile(name: folder + Self.dataName)
    var graphWriter = graphHeader
    for initializer in graph.initializers {
      if case .bytes(let bytes) = initializer.content {
        graphWriter.message(5) { tensor in
          initializer.encodeHeader(into: &tensor)
          tensor.data(9, bytes)
        }
      } else {
        let padding = (Self.pageSize - data.byteCount % Self.pageSize) % Self.pageSize
        data.append(.bytes([UInt8](repeating: 0, count: padding)))
        graphWriter.message(5) {
          initializer.encode(into: &$0, dataIn: Self.dataName, at: data.byteCount)
        }
        data.append(initializer.content)
      }
    }
    var writer = header
    writer.data(7, graphWriter.bytes)
    var model = PlannedFile(name: folder + Self.modelName)
    model.append(.bytes(writer.bytes))
    return [model, data]
  }
}
