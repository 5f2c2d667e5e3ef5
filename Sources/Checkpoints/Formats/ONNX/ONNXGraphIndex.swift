/// Who makes and who takes each value of a graph, and short walks along that.
struct ONNXGraphIndex {
  let nodes: [ONNXNode]
  private var producers: [String: Int] = [:]
  private var consumers: [String: [Int]] = [:]

  /// Operations that change how a value is stored, not what it is.
  static let converting: Set<String> = ["Cast", "QuantizeLinear", "DequantizeLinear", "Identity"]

  /// Nodes that one walk looks at. Between a weight and what tells its name lie a handful; three times as many where
  /// each operation's output is quantized.
  private static let longestWalk = 64

  init(_ nodes: [ONNXNode]) {
    self.nodes = nodes
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
      for input in Set(node.inputs) where !input.isEmpty { consumers[input, default: []].append(index) }
    }
  }

  func producer(of value: String) -> ONNXNode? { producers[value].map { nodes[$0] } }

  func consumers(of value: String) -> [ONNXNode] { (consumers[value] ?? []).map { nodes[$0] } }

  /// The first node for which `choose` gives something, among those that take `value` directly or behind nodes of
  /// `operations`, nearest first.
  func following<Result>(
    _ value: String, through operations: Set<String>, _ choose: (ONNXNode, _ input: String) -> Result?
  ) -> Result? {
    var queue = [value]
    var visited: Set<Int> = []
    var next = 0
    while next < queue.count {
      let value = queue[next]
      next += 1
      for index in consumers[value] ?? [] where visited.count < Self.longestWalk {
        guard visited.insert(index).inserted else { continue }
        if let result = choose(nodes[index], value) { return result }
        if operations.contains(nodes[index].operation) { queue += nodes[index].outputs }
      }
    }
    return nil
  }

  /// The first value for which `choose` gives something: `value`, or one that it is made of by nodes of
  /// `operations`, nearest first. With nil for `operations` every node is passed.
  func preceding<Result>(
    _ value: String, through operations: Set<String>?, _ choose: (String, ONNXNode?) -> Result?
  ) -> Result? {
    var queue = [value]
    var visited: Set<Int> = []
    var next = 0
    while next < queue.count {
      let value = queue[next]
      next += 1
      let producer = producers[value]
      if let result = choose(value, producer.map { nodes[$0] }) { return result }
      guard let producer, visited.count < Self.longestWalk, visited.insert(producer).inserted else {
        continue
      }
      if operations?.contains(nodes[producer].operation) ?? true { queue += nodes[producer].inputs }
    }
    return nil
  }
}
