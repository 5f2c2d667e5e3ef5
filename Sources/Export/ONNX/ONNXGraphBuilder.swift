internal import Architecture
internal import BundleFormat
internal import Quantization

/// Builds the graph of one tower. Values are named after the modules of OpenAI's code that compute them.
struct ONNXGraphBuilder {
  private(set) var graph: ONNXGraph
  private let weights: ONNXWeights
  /// The names of parameters and constants that have already been added.
  private var known: [String: String] = [:]

  init(_ name: String, weights: ONNXWeights) {
    graph = ONNXGraph(name: name)
    self.weights = weights
  }

  mutating func input(_ name: String, _ type: ONNXElementType, _ itemShape: [Int]) -> String {
    graph.inputs.append(ONNXValue(name: name, type: type, itemShape: itemShape))
    return name
  }

  /// - Parameter value: the output of a node with this name.
  mutating func output(_ value: String, _ itemShape: [Int]) {
    graph.outputs.append(ONNXValue(name: value, type: .float, itemShape: itemShape))
  }

  /// Appends a node.
  ///
  /// - Returns: its output, which has the node's name.
  mutating func add(
    _ operation: ONNXOperation, _ inputs: [String], _ name: String, _ attributes: [ONNXAttribute] = []
  ) -> String {
    graph.nodes.append(
      ONNXNode(operation: operation, inputs: inputs, outputs: [name], attributes: attributes))
    return name
  }

  /// Appends a node with several outputs.
  mutating func add(
    _ operation: ONNXOperation, _ inputs: [String], outputs: [String], _ attributes: [ONNXAttribute]
  ) {
    graph.nodes.append(
      ONNXNode(operation: operation, inputs: inputs, outputs: outputs, attributes: attributes))
  }
}

// Constants.
extension ONNXGraphBuilder {
  /// A list of extents or indices.
  mutating func integers(_ values: [Int]) -> String {
    let name = "integers." + values.map(String.init).joined(separator: ",")
    return constant(name, .int64, [values.count], values.flatMap { Int64($0).littleEndianBytes })
  }

  /// An index without axes.
  mutating func index(_ value: Int) -> String {
    constant("index.\(value)", .int64, [], Int64(value).littleEndianBytes)
  }

  /// A number without axes.
  mutating func number(_ value: Float) -> String {
    constant("number.\(value)", .float, [], [UInt8](floats: [value]))
  }

  /// A token id without axes, in the type of the input.
  mutating func tokenID(_ value: Int) -> String {
    constant("id.\(value)", .int32, [], Int32(value).littleEndianBytes)
  }

  mutating func constant(
    _ name: String, _ type: ONNXElementType, _ shape: [Int], _ bytes: @autoclosure () -> [UInt8]
  ) -> String {
    if let known = known[name] { return known }
    known[name] = name
    graph.initializers.append(
      ONNXInitializer(name: name, type: type, shape: shape, content: .bytes(bytes())))
    return name
  }
}

// Parameters, under their canonical names.
extension ONNXGraphBuilder {
  /// A parameter as FP32: the stored tensor, or the output of the node that widens it.
  mutating func parameter(_ name: String) -> String {
    if let known = known[name] { return known }
    let stored = stored(name)
    let value: String
    switch stored.form {
    case .float32, .int8Scale: value = name
    case .float16:
      value = add(.cast, [name], name + ".widened", [.integer("to", ONNXElementType.float.rawValue)])
    case .int8:
      value = add(
        .dequantizeLinear, [name, scale(of: stored, name)], name + ".dequantized",
        [.integer("axis", stored.storedOutputAxis)])
    }
    known[name] = value
    return value
  }

  /// Rows of the token table as FP32. Only rows that are looked up are widened. Indices `[…]` → `[…, W]`
  ///
  /// - Parameter itemShape: shape of the indices without the batch.
  mutating func rows(of name: String, at indices: String, itemShape: [Int]) -> String {
    let stored = stored(name)
    let rows = add(.gather, [name, indices], name + ".rows")
    switch stored.form {
    case .float32, .int8Scale: return rows
    case .float16:
      return add(.cast, [rows], name + ".rows.widened", [.integer("to", ONNXElementType.float.rawValue)])
    case .int8:
      // One scale for each row of a list: the rows of the batch are flattened.
      let scales = add(.gather, [scale(of: stored, name), indices], name + ".scales")
      let width = stored.blockShape[1]
      let list = add(.reshape, [rows, integers([-1, width])], name + ".rows.list")
      let scaleList = add(.reshape, [scales, integers([-1])], name + ".scales.list")
      let values = add(
        .dequantizeLinear, [list, scaleList], name + ".rows.dequantized", [.integer("axis", 0)])
      return add(.reshape, [values, integers([-1] + itemShape + [width])], name + ".rows.values")
    }
  }

  /// Whether a parameter is stored with its axes in another order.
  func isTransposed(_ name: String) -> Bool { !weights.recipe(name).keepsOrder }

  /// Adds a parameter to the file under its canonical name.
  private mutating func stored(_ name: String) -> TensorRecipe {
    let recipe = weights.recipe(name)
    graph.initializers.append(
      ONNXInitializer(
        name: name, type: recipe.form.elementType, shape: recipe.shape, content: .tensor(recipe)))
    return recipe
  }

  /// The scales of an int8 parameter, under the name that bundles use.
  private mutating func scale(of stored: TensorRecipe, _ name: String) -> String {
    var recipe = stored
    recipe.form = .int8Scale
    let scaleName = name + ".scale"
    graph.initializers.append(
      ONNXInitializer(name: scaleName, type: .float, shape: recipe.shape, content: .tensor(recipe)))
    return scaleName
  }
}

extension StoredForm {
  fileprivate var elementType: ONNXElementType {
    switch self {
    case .float32, .int8Scale: .float
    case .float16: .float16
    case .int8: .int8
    }
  }
}
