internal import Archives

/// Parses ModelProto → GraphProto → NodeProto → AttributeProto, ValueInfoProto and TensorProto. Functions are
/// ignored.
///
/// Field numbers are those of onnx/onnx.proto.
struct ONNXParser {
  let file: MappedFile
  let limits: Limits
  /// The deepest nesting of branches.
  private static let deepestGraph = 8

  init(_ file: MappedFile, limits: Limits) {
    self.file = file
    self.limits = limits
  }

  /// - Throws: `protobufInvalid`, `onnxNoGraph`, `onnxTensorInvalid`, `limitExceeded`.
  mutating func parse() throws(ReadError) -> ONNXGraph {
    var fields = ProtobufFields(file, 0..<file.byteCount)
    var graph = ONNXGraph()
    var opset = 0
    while let field = try fields.next() {
      switch field.number {
      case 7: try parseGraph(field.range(), into: &graph, depth: 0)
      case 8: opset = max(opset, try version(field.range()))
      default: break
      }
    }
    graph.opset = opset
    guard !(graph.initializers.isEmpty && graph.nodes.isEmpty) else {
      throw ReadError(.onnxNoGraph)
    }
    return graph
  }

  /// The version of ONNX's standard operations; 0 for another domain.
  private func version(_ range: Range<Int>) throws(ReadError) -> Int {
    var fields = ProtobufFields(file, range)
    var (domain, version) = ("", 0)
    while let field = try fields.next() {
      switch field.number {
      case 1: domain = try text(field)
      case 2: version = Int(clamping: try field.integer())
      default: break
      }
    }
    return domain.isEmpty || domain == "ai.onnx" ? version : 0
  }

  private mutating func parseGraph(
    _ range: Range<Int>, into graph: inout ONNXGraph, depth: Int
  ) throws(ReadError) {
    guard depth <= Self.deepestGraph else {
      throw ReadError(
        .limitExceeded, at: UInt64(range.lowerBound),
        expected: "at most \(Self.deepestGraph) graphs inside one another")
    }
    var fields = ProtobufFields(file, range)
    while let field = try fields.next() {
      switch field.number {
      case 1: graph.nodes.append(try node(field.range(), depth: depth))
      case 11:
        try charge(Self.nodeBytes, at: field.offset)
        graph.inputs.append(try port(field.range()))
      case 12:
        try charge(Self.nodeBytes, at: field.offset)
        graph.outputs.append(try port(field.range()).name)
      case 5:
        guard graph.initializers.count < limits.tensors else {
          throw ReadError(
            .limitExceeded, at: UInt64(field.offset), expected: "at most \(limits.tensors) tensors")
        }
        try charge(Self.tensorBytes, at: field.offset)
        let tensor = try ONNXTensorParser.parse(file, field.range(), limits: limits)
        if tensor.dataType == ONNXElementType.bfloat16 { graph.hasBFloat16 = true }
        graph.initializers.append(tensor)
      case 15:
        throw ReadError(.unsupportedTensorKind, at: UInt64(field.offset), found: "a sparse initializer")
      default: break
      }
    }
  }

  private mutating func node(_ range: Range<Int>, depth: Int) throws(ReadError) -> ONNXNode {
    var node = ONNXNode()
    var fields = ProtobufFields(file, range)
    try charge(Self.nodeBytes, at: range.lowerBound)
    while let field = try fields.next() {
      switch field.number {
      case 1:
        try charge(Self.nameBytes, at: field.offset)
        node.inputs.append(try text(field))
      case 2:
        try charge(Self.nameBytes, at: field.offset)
        node.outputs.append(try text(field))
      case 3: node.name = try text(field)
      case 4: node.operation = try text(field)
      case 5:
        try charge(Self.attributeBytes, at: field.offset)
        if let (name, value) = try attribute(field.range(), depth: depth) { node.attributes[name] = value }
      case 7: node.domain = try text(field)
      default: break
      }
    }
    return node
  }

  /// Charges for parts of a graph, in addition to their text. An empty part takes two bytes of the file.
  private static let nodeBytes = 256
  private static let nameBytes = 64
  private static let attributeBytes = 384
  private static let tensorBytes = 512

  private func text(_ field: ProtobufFields.Field) throws(ReadError) -> String {
    let text = try field.text(in: file)
    try limits.requireFewMarks(text, at: UInt64(field.offset))
    return text
  }

  private func charge(_ byteCount: Int, at offset: Int) throws(ReadError) {
    try limits.charge(byteCount, for: "parts of the graph", at: UInt64(offset))
  }

  /// Nil for kinds of attribute that no rule reads.
  private mutating func attribute(
    _ range: Range<Int>, depth: Int
  ) throws(ReadError) -> (String, ONNXNode.Attribute)? {
    var fields = ProtobufFields(file, range)
    var name = ""
    var value: ONNXNode.Attribute?
    var kind: Int64 = 0
    var (integers, floats): ([Int], [Float]) = ([], [])
    while let field = try fields.next() {
      switch field.number {
      case 1: name = try text(field)
      case 2: value = .float(try field.float())
      case 3: value = .integer(try field.integer())
      case 4: value = .text(try text(field))
      case 5: value = .tensor(try ONNXTensorParser.parse(file, field.range(), limits: limits))
      case 6:
        var graph = ONNXGraph()
        try parseGraph(field.range(), into: &graph, depth: depth + 1)
        value = .graph(graph)
      case 7: try append(field, to: &floats)
      case 8: try append(field, to: &integers)
      case 20: kind = try field.integer()
      default: break
      }
    }
    switch kind {
    case 6: value = .floats(floats)
    case 7: value = .integers(integers)
    default: break
    }
    return value.map { (name, $0) }
  }

  /// Reads one number per field, or all numbers packed into one field.
  private mutating func append(_ field: ProtobufFields.Field, to list: inout [Int]) throws(ReadError) {
    switch field.value {
    case .varint(let bits): list.append(Int(Int64(bitPattern: bits)))
    case .range(let range):
      var numbers = VarintRun(file: file, range: range)
      try charge(2 * MemoryLayout<Int>.size * range.count, at: field.offset)
      while let bits = try numbers.next() { list.append(Int(Int64(bitPattern: bits))) }
    case .fixed32, .fixed64: _ = try field.integer()
    }
    try charge(Budget.step, at: field.offset)
  }

  private mutating func append(_ field: ProtobufFields.Field, to list: inout [Float]) throws(ReadError) {
    guard case .range(let range) = field.value else { return list.append(try field.float()) }
    for start in stride(from: range.lowerBound, to: range.upperBound - 3, by: 4) {
      list.append(
        Float(
          bitPattern: UInt32(
            littleEndian: file.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self))))
    }
    try charge(Budget.step, at: field.offset)
  }

  /// ValueInfoProto → TypeProto → tensor type → shape.
  private func port(_ range: Range<Int>) throws(ReadError) -> ONNXPort {
    var port = ONNXPort()
    var fields = ProtobufFields(file, range)
    while let field = try fields.next() {
      switch field.number {
      case 1: port.name = try text(field)
      case 2:
        var types = ProtobufFields(file, try field.range())
        while let type = try types.next() {
          if type.number == 1 { try parseType(type.range(), into: &port) }
        }
      default: break
      }
    }
    return port
  }

  private func parseType(_ range: Range<Int>, into port: inout ONNXPort) throws(ReadError) {
    var fields = ProtobufFields(file, range)
    while let field = try fields.next() {
      switch field.number {
      case 1: port.isFloat = [1, 10, 11, 16].contains(try field.integer())
      case 2:
        var extents = ProtobufFields(file, try field.range())
        while let extent = try extents.next() {
          guard extent.number == 1, port.extents.count < limits.tensorRank else { continue }
          port.extents.append(try self.extent(extent.range()))
        }
      default: break
      }
    }
  }

  /// Nil for a dimension that has a name, or no value.
  private func extent(_ range: Range<Int>) throws(ReadError) -> Int? {
    var fields = ProtobufFields(file, range)
    var extent: Int?
    while let field = try fields.next() {
      if field.number == 1 { extent = Int(clamping: try field.integer()) }
    }
    return extent.flatMap { $0 > 0 ? $0 : nil }
  }
}
