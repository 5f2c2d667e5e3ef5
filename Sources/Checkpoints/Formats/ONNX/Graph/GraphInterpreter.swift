internal import Archives
internal import TensorTypes

/// Follows a graph from its inputs to its outputs and assigns a meaning to every value: a constant, or a term. An
/// operation without a rule is an error, so every node of an accepted graph is understood.
///
/// Shapes are numbers: an input with a free batch dimension gets `batch` items, so that arithmetic on shapes is
/// arithmetic on constants. The pooled position of text b is `positions[b]`.
struct GraphInterpreter {
  var values: [String: GraphValue] = [:]
  private(set) var terms: [Term] = []
  /// The node that is being interpreted.
  private(set) var node = ONNXNode()
  let graph: ONNXGraph
  var sizes: GraphSizes
  var loader: ONNXTensorLoader

  /// The most nodes. The largest CLIP, written in the smallest operations, has some ten thousand.
  private static let mostNodes = 100_000

  init(_ graph: ONNXGraph, sizes: GraphSizes, loader: ONNXTensorLoader) {
    self.graph = graph
    self.sizes = sizes
    self.loader = loader
  }

  /// - Throws: `onnxUnclaimedNode`, `onnxFusedGraph`, `onnxQuantization`, or errors from reading a constant.
  mutating func run(_ initializers: [String: GraphConstant]) throws(ReadError) {
    guard graph.nodes.count <= Self.mostNodes else {
      throw ReadError(
        .limitExceeded, expected: "at most \(Self.mostNodes) operations", found: "\(graph.nodes.count)")
    }
    for (name, constant) in initializers { values[name] = .constant(constant) }
    for input in graph.inputs where values[input.name] == nil { try bind(input) }
    for node in graph.nodes { try evaluate(node) }
  }

  private mutating func evaluate(_ node: ONNXNode) throws(ReadError) {
    self.node = node
    do throws(ReadError) {
      try charge(Self.nodeBytes + node.outputs.count * Self.valueBytes)
      for (name, value) in zip(node.outputs, try results()) where !name.isEmpty {
        values[name] = try bent(value)
      }
    } catch {
      guard error.code == .onnxUnclaimedNode, error.found == nil else { throw error }
      var error = error
      error.found = node.description
      throw error
    }
  }

  /// The value. If this node changed the function of its elements, it is recorded as the cause.
  private func bent(_ value: GraphValue) throws(ReadError) -> GraphValue {
    guard case .activation(var activation) = value, !activation.curve.isIdentity else { return value }
    for case .activation(let input)? in node.inputs.map({ values[$0] }) where input.curve == activation.curve
    {
      return value
    }
    try charge(Curve.points.count * MemoryLayout<Double>.size + node.name.utf8.count)
    activation.bender = node.description
    return .activation(activation)
  }

  /// Charged for a node and a value, in addition to the numbers of constants and curves.
  private static let nodeBytes = 128
  private static let valueBytes = 512

  /// - Throws: `budgetExceeded`, because a node of a few bytes can produce millions of numbers.
  private func charge(_ byteCount: Int) throws(ReadError) {
    try loader.limits.charge(byteCount, for: "values of the graph")
  }

  /// Charges the elements of a constant before a rule computes or reads it.
  func charge(elements count: Int) throws(ReadError) {
    try loader.limits.charge(
      count, of: 2 * MemoryLayout<Double>.size, for: "elements of computed constants")
  }

  private mutating func results() throws(ReadError) -> [GraphValue] {
    switch node.domain {
    case "", "ai.onnx": return try standardOperation()
    case "com.microsoft":
      if let result = try microsoftOperation() { return [result] }
    default: break
    }
    throw ReadError(.onnxFusedGraph, found: node.description)
  }

  /// The branch of an If whose condition is constant.
  mutating func branch() throws(ReadError) -> [GraphValue] {
    let own = node
    let isTrue = try numbers(try constant(0)).first != 0
    guard case .graph(let graph)? = node.attributes[isTrue ? "then_branch" : "else_branch"] else {
      throw unclaimed("a branch")
    }
    for record in graph.initializers {
      guard let tensor = try loader.tensor(record), let constant = GraphConstant(tensor, origin: record.name)
      else { continue }
      values[record.name] = .constant(constant)
    }
    for node in graph.nodes { try evaluate(node) }
    node = own
    var results: [GraphValue] = []
    for name in graph.outputs { results.append(try values[name].unwrap(or: unclaimed("an output \(name)"))) }
    return results
  }

  // MARK: Terms

  mutating func add(_ kind: Term.Kind, _ shape: [Int]) throws(ReadError) -> Int {
    guard TensorLayout.count(shape) != nil, shape.allSatisfy({ $0 > 0 }) else {
      throw unclaimed("a shape of 1 to 2^40 elements")
    }
    try charge(Self.valueBytes + node.name.utf8.count)
    terms.append(Term(kind: kind, shape: shape, node: node.description))
    return terms.count - 1
  }

  /// Adds a term with a layout, by default the row-major one.
  mutating func make(
    _ kind: Term.Kind, _ shape: [Int], _ layout: TensorLayout? = nil
  ) throws(ReadError) -> GraphValue {
    let term = try add(kind, shape)
    guard let layout = layout ?? TensorLayout(rowMajor: shape) else { throw unclaimed("a smaller shape") }
    return .activation(Activation(term: term, layout: layout))
  }

  /// - Returns: the error for the node that is being interpreted.
  func unclaimed(_ expected: String) -> ReadError { ReadError(.onnxUnclaimedNode, expected: expected) }

  // MARK: Operands

  func value(_ index: Int) throws(ReadError) -> GraphValue {
    guard let name = node.input(index) else { throw unclaimed("an input \(index)") }
    guard let value = values[name] else { throw unclaimed("input \(name) computed before it is used") }
    return value
  }

  func activation(_ index: Int) throws(ReadError) -> Activation {
    guard case .activation(let activation) = try value(index) else {
      throw unclaimed("pixels, tokens or values computed from them as input \(index)")
    }
    return activation
  }

  /// An activation that is not an integer.
  func floats(_ index: Int) throws(ReadError) -> Activation {
    let activation = try activation(index)
    guard activation.quantization == nil else { throw unclaimed("floats as input \(index)") }
    return activation
  }

  func constant(_ index: Int) throws(ReadError) -> GraphConstant {
    guard case .constant(let constant) = try value(index) else {
      throw unclaimed("a constant as input \(index)")
    }
    return constant
  }

  /// Nil if the input is omitted.
  func optionalConstant(_ index: Int) throws(ReadError) -> GraphConstant? {
    node.input(index) == nil ? nil : try constant(index)
  }

  mutating func numbers(_ constant: GraphConstant) throws(ReadError) -> [Double] {
    try charge(elements: max(constant.count, 1))
    return try constant.numbers()
  }

  mutating func integers(_ constant: GraphConstant) throws(ReadError) -> [Int] {
    try numbers(constant).map { Int(clamping: $0) }
  }

  /// A list that is an attribute in old opsets and an input in new ones.
  mutating func integers(attribute: String, input: Int) throws(ReadError) -> [Int]? {
    if let list = node.integers(attribute) { return list }
    return try optionalConstant(input).map { constant throws(ReadError) in try integers(constant) }
  }

  /// A boolean attribute. The standard leaves other numbers and types undefined.
  ///
  /// - Throws: `onnxUnclaimedNode`.
  func flag(_ name: String, otherwise absent: Bool = false) throws(ReadError) -> Bool {
    switch node.attributes[name] {
    case nil: return absent
    case .integer(0): return false
    case .integer(1): return true
    case .integer, .float, .tensor, .integers, .floats, .text, .graph: throw unclaimed("\(name) of 0 or 1")
    }
  }

  func axis(_ number: Int, of layout: TensorLayout) throws(ReadError) -> Int {
    guard let axis = layout.axis(number) else { throw unclaimed("an axis of \(layout.shape)") }
    return axis
  }
}

extension Int {
  /// The nearest integer; 0 for NaN.
  init(clamping number: Double) {
    self = Int(exactly: number.rounded(.towardZero)) ?? (number.isNaN ? 0 : number > 0 ? .max : .min)
  }
}

extension ONNXNode {
  var description: String { name.isEmpty ? operation : "\(operation) (node \(name))" }
}
