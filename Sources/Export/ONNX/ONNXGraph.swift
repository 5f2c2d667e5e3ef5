/// An ONNX graph as values; field numbers are those of `onnx.proto`.
struct ONNXGraph: Sendable {
  var name: String
  var nodes: [ONNXNode] = []
  var initializers: [ONNXInitializer] = []
  var inputs: [ONNXValue] = []
  var outputs: [ONNXValue] = []
}

/// An application of an operator.
struct ONNXNode: Sendable {
  var operation: ONNXOperation
  var inputs: [String]
  /// The first output is also the node's name, because it is unique.
  var outputs: [String]
  var attributes: [ONNXAttribute]
}

/// The operators that exports use, all in opset 17.
enum ONNXOperation: String, Sendable {
  case add = "Add"
  case argMax = "ArgMax"
  case averagePool = "AveragePool"
  case batchNormalization = "BatchNormalization"
  case cast = "Cast"
  case concat = "Concat"
  case conv = "Conv"
  case dequantizeLinear = "DequantizeLinear"
  case div = "Div"
  case equal = "Equal"
  case erf = "Erf"
  case expand = "Expand"
  case gather = "Gather"
  case gatherND = "GatherND"
  case gemm = "Gemm"
  case layerNormalization = "LayerNormalization"
  case matMul = "MatMul"
  case mul = "Mul"
  case reduceL2 = "ReduceL2"
  case reduceMean = "ReduceMean"
  case relu = "Relu"
  case reshape = "Reshape"
  case shape = "Shape"
  case sigmoid = "Sigmoid"
  case softmax = "Softmax"
  case split = "Split"
  case tanh = "Tanh"
  case transpose = "Transpose"
  case unsqueeze = "Unsqueeze"
}

struct ONNXAttribute: Sendable {
  var name: String
  var value: Value

  enum Value: Sendable {
    case integer(Int)
    case float(Float)
    case integers([Int])
  }

  static func integer(_ name: String, _ value: Int) -> ONNXAttribute {
    .init(name: name, value: .integer(value))
  }
  static func float(_ name: String, _ value: Float) -> ONNXAttribute {
    .init(name: name, value: .float(value))
  }
  static func integers(_ name: String, _ value: [Int]) -> ONNXAttribute {
    .init(name: name, value: .integers(value))
  }
}

/// A tensor that the file holds.
struct ONNXInitializer: Sendable {
  var name: String
  var type: ONNXElementType
  var shape: [Int]
  var content: Segment.Content
}

/// `TensorProto.DataType`.
enum ONNXElementType: Int, Sendable {
  case float = 1
  case int8 = 3
  case int32 = 6
  case int64 = 7
  case float16 = 10
}

/// An input or an output.
struct ONNXValue: Sendable {
  var name: String
  var type: ONNXElementType
  /// The first axis is the batch, of any length.
  var itemShape: [Int]

  static let batchAxis = "batch"
}
