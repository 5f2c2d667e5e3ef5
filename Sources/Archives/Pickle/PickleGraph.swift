/// A value of an unpickled graph. Containers are indices into the graph that owns them. So values are small, shared
/// containers stay shared, cycles cannot leak, and releasing a deep structure does not recurse.
public enum PickleValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case integer(Int64)
  /// An integer beyond 64 bits.
  case largeInteger
  case double(Double)
  case string(String)
  /// The contents are not kept, because no checkpoint reader uses them.
  case bytes
  case list(Int)
  case tuple(Int)
  case dict(Int)
  case set(Int)
  case global(PickleGlobal)
  case object(Int)
  /// A persistent id of the program that wrote the pickle; its identifier is the value with this index.
  case persistent(Int)
}

/// The arguments of a class or a rebuild function. Nothing was called; this only records the request.
public struct PickleObject: Sendable {
  public var global: PickleGlobal
  public var arguments: [PickleValue]
  /// The argument of BUILD: attributes, as a dictionary for most classes.
  public var state: PickleValue?
  /// Values that APPENDS and SETITEMS add: elements, or alternating keys and values.
  public var items: [PickleValue] = []

  public init(global: PickleGlobal, arguments: [PickleValue], state: PickleValue? = nil) {
    self.global = global
    self.arguments = arguments
    self.state = state
  }

  /// All values that were passed to it.
  public var contents: [PickleValue] { arguments + items + (state.map { [$0] } ?? []) }

  /// `module.name` of an unknown class or function.
  public var opaqueName: String? {
    if case .opaque(let module, let name) = global { "\(module).\(name)" } else { nil }
  }
}

/// The result of unpickling: a root and the containers it refers to.
public struct PickleGraph: Sendable {
  public internal(set) var root: PickleValue = .none
  var sequences: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var objects: [PickleObject] = []
  /// The identifier of every reference to a persistent value.
  public internal(set) var persistentIDs: [PickleValue] = []

  /// Elements of a list, tuple or set; nil for other values.
  public func elements(of value: PickleValue) -> [PickleValue]? {
    switch value {
    case .list(let index), .tuple(let index), .set(let index): sequences[index]
    case .none, .bool, .integer, .largeInteger, .double, .string, .bytes, .dict, .global, .object,
      .persistent:
      nil
    }
  }

  /// Pairs of a dictionary, in the order of insertion; nil for other values.
  public func pairs(of value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
    if case .dict(let index) = value { dictionaries[index] } else { nil }
  }

  public func object(of value: PickleValue) -> PickleObject? {
    if case .object(let index) = value { objects[index] } else { nil }
  }

  /// The identifier of a persistent value.
  public func persistentID(of value: PickleValue) -> PickleValue? {
    if case .persistent(let index) = value { persistentIDs[index] } else { nil }
  }

  /// Names of the TorchScript classes in the graph, unique and sorted.
  public var scriptClassNames: [String] {
    var names: Set<String> = []
    for object in objects {
      if case .scriptClass(let name) = object.global { names.insert(name) }
    }
    return names.sorted()
  }
}

extension PickleValue {
  public var stringValue: String? { if case .string(let text) = self { text } else { nil } }

  public var integerValue: Int? { if case .integer(let value) = self { Int(exactly: value) } else { nil } }
}
