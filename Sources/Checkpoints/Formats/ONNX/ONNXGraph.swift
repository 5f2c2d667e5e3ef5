/// A graph: operations from inputs to outputs, and constant tensors.
struct ONNXGraph {
  var nodes: [ONNXNode] = []
  /// Initializers, in file order.
  var initializers: [ONNXTensor] = []
  var inputs: [ONNXPort] = []
  /// Names of the output values.
  var outputs: [String] = []
  /// The version of ONNX's standard operations.
  var opset = 0
  var hasBFloat16 = false
}

/// An input: its type and its extents, nil for free ones.
struct ONNXPort {
  var name = ""
  var isFloat = false
  var extents: [Int?] = []
}

/// An operation with its input and output values.
struct ONNXNode {
  var name = ""
  var operation = ""
  /// Empty for ONNX's standard operations.
  var domain = ""
  /// An absent optional input is an empty name.
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: Attribute] = [:]

  enum Attribute {
    case integer(Int64)
    case float(Float)
    case tensor(ONNXTensor)
    case integers([Int])
    case floats([Float])
    case text(String)
    case graph(ONNXGraph)
  }

  func integer(_ name: String) -> Int64? {
    if case .integer(let value)? = attributes[name] { value } else { nil }
  }

  func float(_ name: String) -> Float? {
    if case .float(let value)? = attributes[name] { value } else { nil }
  }

  func integers(_ name: String) -> [Int]? {
    if case .integers(let list)? = attributes[name] { list } else { nil }
  }

  func text(_ name: String) -> String? {
    if case .text(let text)? = attributes[name] { text } else { nil }
  }

  func input(_ index: Int) -> String? {
    inputs.indices.contains(index) && !inputs[index].isEmpty ? inputs[index] : nil
  }
}

/// A TensorProto: its description and the position of its values.
struct ONNXTensor {
  var name = ""
  /// Slowest first.
  var shape: [Int] = []
  /// A number of TensorProto.DataType; 0 where none is stated.
  var dataType: Int64 = 0
  var values = Values.none
  /// The number of the field that holds the values.
  var valuesField = 0
  /// Offset of the message in the file.
  var offset = 0

  enum Values {
    case none
    /// Little-endian, as wide as the type: `raw_data`, `float_data`, `double_data`.
    case bytes(Range<Int>)
    /// One varint for each element: `int32_data` (FP16 and bfloat16 as their bits), `int64_data`, `uint64_data`.
    case varints(Range<Int>)
    case external(ExternalData)
  }

  /// The position of a tensor outside the file.
  struct ExternalData {
    var location = ""
    var offset = "0"
    var length: String?
  }
}
