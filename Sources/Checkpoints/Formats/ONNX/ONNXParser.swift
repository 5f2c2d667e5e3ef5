internal import Archives

/// Reads ModelProto → GraphProto → NodeProto → AttributeProto, and TensorProto. Graphs inside attributes (branches,
/// loops) and functions are passed over: they hold no weights of a CLIP.
///
/// Field numbers are those of onnx/onnx.proto.
struct ONNXParser {
  let file: MappedFile
  let limits: Limits
  private var graph = ONNXGraph()
  /// Nodes, inputs, outputs and attributes so far: what memory grows with.
  private var entryCount = 0

  init(_ file: MappedFile, limits: Limits) {
    self.file = file
    self.limits = limits
  }

  /// - Throws: `protobufInvalid`, `onnxNoGraph`, `onnxTensorInvalid`, `limitExceeded`.
  mutating func parse() throws(ReadError) -> ONNXGraph {
    var fields = ProtobufFields(file, 0..<file.byteCount)
    var hasGraph = false
    while let field = try fields.next() {
      switch field.number {
      case 2: graph.producer = try field.text(in: file)
      case 7:
        hasGraph = true
        try parseGraph(field.range())
      default: break
      }
    }
    guard hasGraph, !(graph.initializers.isEmpty && graph.nodes.isEmpty) else {
      throw ReadError(.onnxNoGraph)
    }
    return graph
  }

  private mutating func parseGraph(_ range: Range<Int>) throws(ReadError) {
    var fields = ProtobufFields(file, range)
    while let field = try fields.next() {
      switch field.number {
      case 1: try parseNode(field.range())
      case 5:
        guard graph.initializers.count < limits.tensors else {
          throw ReadError(
            .limitExceeded, at: UInt64(field.offset), expected: "at most \(limits.tensors) tensors")
        }
        graph.initializers.append(try ONNXTensorParser.parse(file, field.range(), limits: limits))
      case 15:
        throw ReadError(.unsupportedTensorKind, at: UInt64(field.offset), found: "a sparse initializer")
      default: break
      }
    }
  }

  private mutating func parseNode(_ range: Range<Int>) throws(ReadError) {
    var node = ONNXNode()
    var fields = ProtobufFields(file, range)
    try countEntry(at: range.lowerBound)
    while let field = try fields.next() {
      switch field.number {
      case 1:
        try countEntry(at: field.offset)
        node.inputs.append(try field.text(in: file))
      case 2:
        try countEntry(at: field.offset)
        node.outputs.append(try field.text(in: file))
      case 3: node.name = try field.text(in: file)
      case 4: node.operation = try field.text(in: file)
      case 5:
        try countEntry(at: field.offset)
        if let (name, value) = try attribute(field.range()) { node.attributes[name] = value }
      case 7: node.domain = try field.text(in: file)
      case 9:
        let (key, value) = try metadata(field.range())
        if key == "pkg.torch.onnx.name_scopes" { node.statedModule = ONNXName.module(inScopes: value) }
      default: break
      }
    }
    graph.nodes.append(node)
  }

  private func metadata(_ range: Range<Int>) throws(ReadError) -> (key: String, value: String) {
    var fields = ProtobufFields(file, range)
    var entry = (key: "", value: "")
    while let field = try fields.next() {
      switch field.number {
      case 1: entry.key = try field.text(in: file)
      case 2: entry.value = try field.text(in: file)
      default: break
      }
    }
    return entry
  }

  private mutating func countEntry(at offset: Int) throws(ReadError) {
    entryCount += 1
    guard entryCount <= limits.graphEntries else {
      throw ReadError(
        .limitExceeded, at: UInt64(offset), expected: "at most \(limits.graphEntries) parts of a graph")
    }
  }

  /// Nil for kinds that no weight needs: lists, texts, graphs.
  private func attribute(_ range: Range<Int>) throws(ReadError) -> (String, ONNXNode.Attribute)? {
    var fields = ProtobufFields(file, range)
    var name = ""
    var value: ONNXNode.Attribute?
    while let field = try fields.next() {
      switch field.number {
      case 1: name = try field.text(in: file)
      case 2: value = .float(try field.float())
      case 3: value = .integer(try field.integer())
      case 5: value = .tensor(try ONNXTensorParser.parse(file, field.range(), limits: limits))
      default: break
      }
    }
    return value.map { (name, $0) }
  }
}
