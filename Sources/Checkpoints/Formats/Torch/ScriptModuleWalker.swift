internal import Archives

/// Walks the module objects of a TorchScript archive. The name of a tensor is the path of attributes that leads to
/// it.
///
/// A module that several attributes share is walked once per path, because each path gives its tensors other names.
/// Paths are links to the attribute above. Names are built for tensors only.
struct ScriptModuleWalker {
  private let graph: PickleGraph
  private let limits: Limits
  private var found: [(name: String, value: PickleValue)] = []
  /// Modules above the current one.
  private var open: Set<Int> = []
  /// Attributes above the current one, outermost first.
  private var path: [String] = []

  init(graph: PickleGraph, limits: Limits) {
    self.graph = graph
    self.limits = limits
  }

  /// Tensors below the root, in file order.
  ///
  /// - Throws: `noStateDict`, `budgetExceeded`, or `limitExceeded` for unbounded nesting of modules.
  mutating func walk(isTensor: (PickleValue) -> Bool) throws(ReadError) -> [(
    name: String, value: PickleValue
  )] {
    guard let root = graph.object(of: graph.root), case .scriptClass = root.global else {
      throw ReadError(.noStateDict, expected: "a module at the root of the archive")
    }
    try visit(graph.root, isTensor)
    return found
  }

  private mutating func visit(
    _ value: PickleValue, _ isTensor: (PickleValue) -> Bool
  ) throws(ReadError) {
    try limits.charge(Self.visitBytes, for: "attributes of TorchScript modules")
    guard path.count < limits.pickleDepth else {
      throw ReadError(.limitExceeded, expected: "at most \(limits.pickleDepth) modules deep")
    }
    if isTensor(value) {
      let byteCount = path.reduce(0) { $0 + $1.utf8.count + 1 }
      try limits.charge(Self.tensorBytes + byteCount, for: "names of tensors")
      found.append((path.joined(separator: "."), value))
      return
    }
    guard case .object(let index) = value, let state = graph.object(of: value)?.state else { return }
    guard open.insert(index).inserted else {
      throw ReadError(
        .limitExceeded, expected: "modules that do not contain themselves",
        path: [.key(path.joined(separator: "."))])
    }
    let attributes = graph.pairs(of: state) ?? []
    try limits.charge(attributes.count, of: Budget.step, for: "attributes of TorchScript modules")
    for (key, child) in attributes {
      guard let attribute = key.stringValue else { continue }
      path.append(attribute)
      try visit(child, isTensor)
      path.removeLast()
    }
    open.remove(index)
  }

  /// Charged for each visited attribute, and for each tensor in addition to its name.
  private static let visitBytes = 256
  private static let tensorBytes = 256
}
