internal import Archives

/// Objects of unknown classes in what PyTorch pickled. None is made; tensors that only they lead to are named.
struct OpaqueObjects<Tensors: TorchTensors> {
  private let tensors: Tensors

  init(_ tensors: Tensors) { self.tensors = tensors }

  /// The class of the first object at or below `value` that holds tensors; nil where plain containers hold them all.
  func holder(in value: PickleValue) -> String? {
    var visited: Set<PickleValue.Container> = []
    var pending = [value]
    while let next = pending.popLast() {
      if tensors.isTensor(next) { continue }
      if let container = next.container, !visited.insert(container).inserted { continue }
      if let object = tensors.graph.object(of: next) {
        if let name = object.className, holdsTensors(next) { return name }
        pending += object.contents.reversed()
      }
      pending += (tensors.graph.pairs(of: next) ?? []).map(\.value).reversed()
      pending += (tensors.graph.elements(of: next) ?? []).reversed()
    }
    return nil
  }

  /// `error` where it fits; otherwise what the file is instead of a state dict.
  func explain(_ error: ReadError) -> ReadError {
    guard error.code == .noStateDict else { return error }
    let root = tensors.graph.root
    if let name = holder(in: root) {
      let key = (tensors.graph.pairs(of: root) ?? []).first { holder(in: $0.value) != nil }?.key.stringValue
      return ReadError(
        .wholeModulePickle, found: "class \(name)", path: key.map { [.key($0)] } ?? [])
    }
    if let object = tensors.graph.object(of: root), let name = object.className {
      return ReadError(.noStateDict, found: "an object of class \(name) without tensors")
    }
    if let name = arrayName(in: root) { return ReadError(.numPyStateDict, found: "array \(name)") }
    return error
  }

  private func holdsTensors(_ value: PickleValue) -> Bool {
    var census = TensorCensus(tensors)
    census.count(value)
    return census.tensorCount > 0
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
  /// The class of an object that nothing here knows, as `module.name`.
  var className: String? {
    // `copyreg` makes objects of classes without a way of their own.
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
