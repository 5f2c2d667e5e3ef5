internal import Archives

extension GraphInterpreter {
  /// The results of a node with a standard ONNX operation, in the order of its outputs.
  mutating func standardOperation() throws(ReadError) -> [GraphValue] {
    switch node.operation {
    case "Constant": return [.constant(try constantNode())]
    case "DynamicQuantizeLinear": return try dynamicQuantize()
    case "Split": return try split()
    case "If": return try branch()
    default: return [try singleResult()]
    }
  }

  private mutating func singleResult() throws(ReadError) -> GraphValue {
    switch node.operation {
    // Layout
    case "Identity": return try value(0)
    case "Dropout": return try dropout()
    case "Cast": return try cast()
    case "CastLike": return try value(0)
    case "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Expand", "Tile":
      return try rearranged()
    case "Shape", "Size": return .constant(try shape())
    case "Gather": return try gather()
    case "GatherND": return try gatherND()
    case "GatherElements": return try gatherElements()
    case "Concat": return try concatenated()
    // Arithmetic
    case "Add", "Sub", "Mul", "Div", "Pow": return try arithmetic()
    case "Sigmoid", "Tanh", "Erf", "Exp", "Log", "Sqrt", "Neg", "Abs", "Reciprocal", "Relu", "Clip", "Gelu",
      "Floor",
      "Ceil":
      return try elementwise()
    case "Max", "Min": return try extremum()
    case "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not", "Mod", "Xor":
      return try compared()
    case "Where": return try chosen()
    case "IsNaN": return try isNaN()
    case "ConstantOfShape", "Range", "Trilu", "CumSum", "ScatterND": return .constant(try generated())
    // Layers
    case "MatMul": return try matMul()
    case "Gemm": return try gemm()
    case "Conv": return try convolution()
    case "BatchNormalization": return try batchNorm()
    case "LayerNormalization": return try layerNorm()
    case "Softmax": return try softmax()
    case "Attention": return try attention()
    case "ReduceMean", "ReduceSum", "ReduceL2", "ReduceSumSquare", "ReduceMax", "ReduceMin", "ReduceProd":
      return try reduced()
    case "LpNormalization": return try lpNormalization()
    case "AveragePool", "GlobalAveragePool": return try averagePool()
    case "ArgMax": return try argMax()
    // Integers
    case "QuantizeLinear": return try quantize()
    case "DequantizeLinear": return try dequantize()
    case "MatMulInteger", "ConvInteger": return try integerProduct()
    case "QLinearMatMul", "QLinearConv", "SimplifiedLayerNormalization":
      throw ReadError(.onnxFusedGraph, found: node.description)
    default: throw unclaimed("an operation that CLIP's towers are made of")
    }
  }

  /// Operations of ONNX Runtime that do not change a layer's weights; nil for others.
  mutating func microsoftOperation() throws(ReadError) -> GraphValue? {
    switch node.operation {
    case "QuickGelu", "Gelu", "FastGelu": return try elementwise()
    case "QuantizeLinear": return try quantize()
    case "DequantizeLinear": return try dequantize()
    default: return nil
    }
  }
}
