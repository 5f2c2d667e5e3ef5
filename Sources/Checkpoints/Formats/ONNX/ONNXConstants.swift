internal import Archives
internal import TensorTypes

/// Every value of a graph that is constant: initializers, Constant nodes, and what a few operations make of them.
struct ONNXConstants {
  struct Constant {
    var tensor: CheckpointTensor
    /// The parameter it is named after, at itself or before those operations.
    var parameter: String?
    /// Other parameters with the same values, for which the graph has no constants.
    var aliases: [String] = []
    var isDequantized = false
  }

  var byValue: [String: Constant] = [:]
  /// Values in the order in which they were met.
  private(set) var order: [String] = []

  /// - Throws: `duplicateTensorName`, `onnxQuantization`, or what the loader throws.
  init(_ graph: ONNXGraph, _ loader: inout ONNXTensorLoader) throws(ReadError) {
    for record in graph.initializers {
      guard let tensor = try loader.tensor(record) else { continue }
      guard byValue[record.name] == nil else {
        throw ReadError(
          .duplicateTensorName, at: UInt64(record.offset), found: record.name, path: [.tensor(record.name)])
      }
      set(record.name, Constant(tensor: tensor, parameter: ONNXName.parameter(record.name)))
    }
    for node in graph.nodes { try evaluate(node, &loader) }
  }

  subscript(value: String) -> Constant? { byValue[value] }

  private mutating func set(_ value: String, _ constant: Constant) {
    if byValue.updateValue(constant, forKey: value) == nil { order.append(value) }
  }

  private mutating func evaluate(_ node: ONNXNode, _ loader: inout ONNXTensorLoader) throws(ReadError) {
    guard let output = node.outputs.first else { return }
    switch node.operation {
    case "Constant":
      guard case .tensor(let record)? = node.attributes["value"], let tensor = try loader.tensor(record)
      else {
        return
      }
      set(output, Constant(tensor: tensor, parameter: ONNXName.parameter(output)))
    // What a constant was before it is quantized is more than what it is afterwards.
    case "Identity", "Cast", "QuantizeLinear":
      guard var constant = node.input(0).flatMap({ byValue[$0] }) else { return }
      if let name = ONNXName.parameter(output) { constant.parameter = name }
      set(output, constant)
    case "Transpose":
      guard var constant = node.input(0).flatMap({ byValue[$0] }), constant.tensor.shape.count == 2 else {
        return
      }
      constant.tensor = constant.tensor.permuted([1, 0])
      set(output, constant)
    case "DequantizeLinear":
      guard let input = node.input(0), let constant = byValue[input] else { return }
      set(output, constant.tensor.dtype.isFloatingPoint ? constant : try dequantized(constant, input, node))
    default: break
    }
  }

  private func dequantized(
    _ constant: Constant, _ input: String, _ node: ONNXNode
  ) throws(ReadError) -> Constant {
    guard let scale = node.input(1).flatMap({ byValue[$0]?.tensor }) else {
      throw ReadError(.onnxQuantization, expected: "a constant scale", path: [.tensor(input)])
    }
    let zeroPoint = node.input(2).flatMap { byValue[$0]?.tensor }
    let axis = Int(clamping: node.integer("axis") ?? 1)
    return Constant(
      tensor: try Dequantized.tensor(
        constant.tensor, scale: scale, zeroPoint: zeroPoint, axis: axis, name: input),
      parameter: constant.parameter, isDequantized: true)
  }

  /// The constant that an operation on integers takes, as floats: `X_quantized` with `X_scale` and `X_zero_point`.
  ///
  /// - Parameter axis: along which it may have one scale for each index.
  /// - Throws: `onnxQuantization`.
  func floats(_ value: String, axis: Int) throws(ReadError) -> Constant? {
    guard var constant = byValue[value] else { return nil }
    if constant.tensor.dtype.isFloatingPoint { return constant }
    guard [.u8, .i8].contains(constant.tensor.dtype), value.hasSuffix("_quantized") else { return nil }
    let base = value.dropLast("_quantized".count)
    guard let scale = byValue[base + "_scale"]?.tensor else {
      throw ReadError(.onnxQuantization, expected: "\(base)_scale", path: [.tensor(value)])
    }
    constant.tensor = try Dequantized.tensor(
      constant.tensor, scale: scale, zeroPoint: byValue[base + "_zero_point"]?.tensor, axis: axis, name: value
    )
    constant.isDequantized = true
    return constant
  }
}
