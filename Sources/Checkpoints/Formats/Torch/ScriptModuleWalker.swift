internal import Archives

/// Walks the module objects of a TorchScript archive; a tensor's name is the path of attributes that leads to it.
struct ScriptModuleWalker {
  let graph: PickleGraph
  let limits: Limits
  private(set) var found: [(name: String, value: PickleValue)] = []
  private var open: Set<Int> = []
  /// Attributes looked at; a shared module counts each time, so that sharing cannot multiply without end.
  private var visits = 0

  init(graph: PickleGraph, limits: Limits) {
    self.graph = graph
    self.limits = limits
  }

  /// Tensors below the root, in the order of the file.
  ///
  /// - Throws: `noStateDict`, or `limitExceeded` for modules nested without end.
  mutating func walk(isTensor: (PickleValue) -> Bool) throws(ReadError) -> [(
    name: String, value: PickleValue
  )] {
    guard let root = graph.object(of: graph.root), case .scriptClass = root.global else {
      throw ReadError(.noStateDict, expected: "a module at the root of the archive")
    }
    try visit(graph.root, name: "", depth: 0, isTensor)
    return found
  }

  private mutating func visit(
    _ value: PickleValue, name: String, depth: Int, _ isTensor: (PickleValue) -> Bool
  ) throws(ReadError) {
    visits += 1
    guard depth < limits.pickleDepth, visits <= limits.moduleAttributes else {
      throw ReadError(
        .limitExceeded,
        expected: "at most \(limits.moduleAttributes) attributes, \(limits.pickleDepth) modules deep")
    }
    if isTensor(value) {
      found.append((name, value))
      return
    }
    if case .object(let index) = value, let state = graph.object(of: value)?.state {
      guard open.insert(index).inserted else {
        throw ReadError(
          .limitExceeded, expected: "modules that do not contain themselves", path: [.key(name)])
      }
      for (key, child) in graph.pairs(of: state) ?? [] {
        guard let attribute = key.stringValue else { continue }
        try visit(child, name: name.isEmpty ? attribute : name + "." + attribute, depth: depth + 1, isTensor)
      }
      open.remove(index)
    }
  }
}
