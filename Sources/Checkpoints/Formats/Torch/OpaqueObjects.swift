internal import Archives

/// Objects of unknown classes in a PyTorch pickle. No object is created. Tensors that only such objects reference are
/// reported by name.
struct OpaqueObjects<Tensors: TorchTensors> {
  private let tensors: Tensors

  init(_ tensors: Tensors) { self.tensors = tensors }

  /// The class of the first object at or below `value` that holds tensors; nil if plain containers hold all tensors.
  ///
  /// - Throws: `budgetExceeded`.
  func holder(in value: PickleValue) throws(ReadError) -> String? {
    let holding = try containersOfTensors(below: value)
    var visited: Set<PickleValue.Container> = []
    var pending = [value]
    while let next = pending.popLast() {
      guard let container = next.container, holding.contains(container), visited.insert(container).inserted
      else { continue }
      if let name = tensors.graph.object(of: next)?.className { return name }
      for child in children(of: next).reversed() {
        if let container = child.container, !visited.contains(container) { pending.append(child) }
      }
    }
    return nil
  }

  /// The containers that lead to a tensor, found from the tensors upwards. Each edge is followed once, independent of
  /// the nesting. Tensors themselves are not containers.
  private func containersOfTensors(below value: PickleValue) throws(ReadError) -> Set<PickleValue.Container> {
    var above: [PickleValue.Container: [PickleValue.Container]] = [:]
    var visited: Set<PickleValue.Container> = []
    var pending = [value]
    var holding: [PickleValue.Container] = []
    while let next = pending.popLast() {
      guard let container = next.container, !tensors.isTensor(next), visited.insert(container).inserted
      else { continue }
      for child in children(of: next) {
        try tensors.limits.charge(8 * Budget.step, for: "values beside the weights")
        if tensors.isTensor(child) || child.isPersistent {
          holding.append(container)
        } else if let inner = child.container {
          above[inner, default: []].append(container)
          if !visited.contains(inner) { pending.append(child) }
        }
      }
    }
    var found: Set<PickleValue.Container> = []
    while let container = holding.popLast() {
      if found.insert(container).inserted { holding += above[container] ?? [] }
    }
    return found
  }

  private func children(of value: PickleValue) -> [PickleValue] {
    (tensors.graph.object(of: value)?.contents ?? []) + (tensors.graph.pairs(of: value) ?? []).map(\.value)
      + (tensors.graph.elements(of: value) ?? [])
  }

  /// `error` if it fits; otherwise an error that says what the file holds instead of a state dict.
  ///
  /// - Throws: `budgetExceeded`.
  func explain(_ error: ReadError) throws(ReadError) -> ReadError {
    guard error.code == .noStateDict else { return error }
    let root = tensors.graph.root
    if let name = try holder(in: root) {
      var key: String?
      for pair in tensors.graph.pairs(of: root) ?? [] where key == nil {
        if try holder(in: pair.value) != nil { key = pair.key.stringValue }
      }
      return ReadError(
        .wholeModulePickle, found: "class \(name)", path: key.map { [.key($0)] } ?? [])
    }
    if let object = tensors.graph.object(of: root), let name = object.className {
      return ReadError(.noStateDict, found: "an object of class \(name) without tensors")
    }
    if let name = arrayName(in: root) { return ReadError(.numPyStateDict, found: "array \(name)") }
    return error
  }

  /// The first NumPy array under a text key, in `value` or a dictionary right below it.
  private func arrayName(in value: PickleValue) -> String? {
    let pairs = tensors.graph.pairs(of: value) ?? []
    for (key, child) in pairs + pairs.flatMap({ tensors.graph.pairs(of: $0.value) ?? [] }) {
      if let name = key.stringValue, tensors.graph.object(of: child)?.isNumPyArray == true { return name }
    }
    return nil
  }
}

extension PickleValue {
  fileprivate enum Container: Hashable {
    case dictionary(Int)
    case sequence(Int)
    case object(Int)
  }

  /// A storage without a tensor around it, which an unknown function would have turned into a tensor.
  fileprivate var isPersistent: Bool { if case .persistent = self { true } else { false } }

  fileprivate var container: Container? {
    switch self {
    case .dict(let index): .dictionary(index)
    case .list(let index), .tuple(let index), .set(let index): .sequence(index)
    case .object(let index): .object(index)
    case .none, .bool, .integer, .largeInteger, .double, .string, .bytes, .global, .persistent: nil
    }
  }
}

extension PickleObject {
  /// The class of an unknown object, as `module.name`.
  var className: String? {
    // `copyreg` creates objects of classes that do not define pickling themselves.
    if let name = opaqueName, name.hasPrefix("copyreg.") || name.hasPrefix("copy_reg."),
      case .global(.opaque(let module, let name))? = arguments.first
    {
      return "\(module).\(name)"
    }
    return opaqueName
  }

  fileprivate var isNumPyArray: Bool {
    if global == .numpyReconstruct { return true }
    if case .opaque(let module, "_frombuffer") = global { return module.hasPrefix("numpy.") }
    return false
  }
}
