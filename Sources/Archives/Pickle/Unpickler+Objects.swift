internal import Bytes

extension Unpickler {
  /// Bytes of a module or class name; Python's own names are far shorter.
  private static let longestName = 1024
  /// Charged for a name, whose parts are compared with lists, for the record of a call, and for a reference to a
  /// persistent value. Each needs at most four bytes of pickle.
  private static let lookUpBytes = 8192
  private static let objectBytes = MemoryLayout<PickleObject>.stride
  private static let citationBytes = MemoryLayout<PickleValue>.stride

  @_lifetime(self: copy self)
  mutating func pushGlobal() throws(ReadError) {
    let module = try line()
    let name = try line()
    try push(.global(try named(name, in: module)))
  }

  @_lifetime(self: copy self)
  mutating func pushStackGlobal() throws(ReadError) {
    let name = try pop()
    guard let name = name.stringValue, let module = try pop().stringValue else {
      throw failure(.pickleWrongType, expected: "two texts as a global's name")
    }
    try push(.global(try named(name, in: module)))
  }

  /// - Parameter named: a dictionary of arguments by name.
  @_lifetime(self: copy self)
  mutating func pushCall(named: PickleValue? = nil) throws(ReadError) {
    let arguments = try pop()
    let callee = try pop()
    guard var values = graph.elements(of: arguments), case .tuple = arguments else {
      throw failure(.pickleWrongType, expected: "a known name and a tuple of arguments")
    }
    if let named {
      try charge(values.count + 1)
      values.append(named)
    }
    try push(try call(callee, values))
  }

  @_lifetime(self: copy self)
  mutating func pushPersistent(_ id: PickleValue) throws(ReadError) {
    if let module = citedModule(id) {
      try push(module)
      return
    }
    try limits.charge(Self.citationBytes, for: "values that a pickle refers to", at: instructionOffset)
    graph.persistentIDs.append(id)
    try push(.persistent(graph.persistentIDs.count - 1))
  }

  /// The class of a pickled module. PyTorch before 1.6 stores it with its file and source code, and before 0.1.10
  /// without the leading word.
  private func citedModule(_ id: PickleValue) -> PickleValue? {
    guard var parts = graph.elements(of: id)?[...] else { return nil }
    if parts.count == 4, parts.first?.stringValue == "module" { parts = parts.dropFirst() }
    guard parts.count == 3, case .global(.opaque)? = parts.first else { return nil }
    return parts.first
  }

  /// Text up to a line feed.
  @_lifetime(self: copy self)
  private mutating func line() throws(ReadError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try readUInt8()
      if byte == UInt8(ascii: "\n") { break }
      guard bytes.count < Self.longestName else {
        throw failure(.limitExceeded, expected: "a name of at most \(Self.longestName) bytes")
      }
      bytes.append(byte)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failure(.pickleInvalidText) }
    return text
  }

  /// The recorded result of calling `callee`.
  private mutating func call(
    _ callee: PickleValue, _ arguments: [PickleValue]
  ) throws(ReadError) -> PickleValue {
    switch callee {
    case .global(.attribute): return .global(try attribute(arguments))
    case .global(let global): return try record(global, arguments)
    // The result of an inert object is also inert: a `functools.partial`, an instance with `__call__`.
    case .object(let index) where graph.objects[index].opaqueName != nil:
      try charge(arguments.count + 1)
      try limits.charge(Self.objectBytes, for: "objects of a pickle", at: instructionOffset)
      graph.objects.append(
        PickleObject(global: graph.objects[index].global, arguments: [callee] + arguments))
      return .object(graph.objects.count - 1)
    case .none, .bool, .integer, .largeInteger, .double, .string, .bytes, .list, .tuple, .dict, .set, .object,
      .persistent:
      throw failure(.pickleWrongType, expected: "a known name and a tuple of arguments")
    }
  }

  /// `getattr(class, name)`: a member of an enumeration. On any other object it could lead to code.
  private mutating func attribute(_ arguments: [PickleValue]) throws(ReadError) -> PickleGlobal {
    guard arguments.count == 2, case .global(.opaque(let module, let owner)) = arguments[0],
      let name = arguments[1].stringValue
    else {
      throw failure(.pickleRefusedGlobal, found: "refused: builtins.getattr of something that is not a class")
    }
    return try named("\(owner).\(name)", in: module)
  }

  /// The meaning of a name, decided once.
  private mutating func named(_ name: String, in module: String) throws(ReadError) -> PickleGlobal {
    guard name.utf8.count <= Self.longestName, module.utf8.count <= Self.longestName else {
      throw failure(.limitExceeded, expected: "a name of at most \(Self.longestName) bytes")
    }
    let key = PickleGlobal.Key(module: module, name: name)
    if let known = globals[key] { return known }
    try limits.charge(Self.lookUpBytes, for: "names of a pickle", at: instructionOffset)
    let global = try PickleGlobal.named(key, at: instructionOffset)
    globals[key] = global
    return global
  }

  /// The result of calling `global(arguments…)`: a container, or a record of the request.
  private mutating func record(
    _ global: PickleGlobal, _ arguments: [PickleValue]
  ) throws(ReadError) -> PickleValue {
    switch global {
    case .orderedDict, .counter, .defaultDict:
      let index = newDictionary()
      let pairs = try initialPairs(arguments)
      try charge(2 * pairs.count)
      graph.dictionaries[index] = pairs
      return .dict(index)
    case .set:
      return .set(try newSequence(arguments.first.flatMap { graph.elements(of: $0) } ?? []))
    case .storage, .untypedStorage, .torchDType, .torchFloat8, .tensorClass:
      throw failure(.pickleWrongType, expected: "a function or class", found: "\(global)")
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildParameter, .rebuildParameterWithState,
      .rebuildFromType, .rebuildUnreadable, .plainTensor, .torchSize, .torchDevice, .namespace, .numpyDType,
      .numpyArray, .numpyScalar, .numpyReconstruct, .codecsEncode, .byteArray, .complex, .scriptClass,
      .attribute, .opaque:
      try limits.charge(Self.objectBytes, for: "objects of a pickle", at: instructionOffset)
      graph.objects.append(PickleObject(global: global, arguments: arguments))
      return .object(graph.objects.count - 1)
    }
  }

  /// Python 2 passed an OrderedDict's content as a list of pairs; a Counter receives a dictionary.
  private func initialPairs(
    _ arguments: [PickleValue]
  ) throws(ReadError) -> [(key: PickleValue, value: PickleValue)] {
    guard let content = arguments.last else { return [] }
    if let pairs = graph.pairs(of: content) { return pairs }
    var pairs: [(key: PickleValue, value: PickleValue)] = []
    for item in graph.elements(of: content) ?? [] {
      guard let pair = graph.elements(of: item), pair.count == 2 else {
        throw failure(.pickleWrongType, expected: "pairs of key and value")
      }
      pairs.append((pair[0], pair[1]))
    }
    return pairs
  }

  /// BUILD sets attributes. Those of dictionaries (`_metadata` of a state dict) contain nothing about tensors.
  mutating func build(state: PickleValue) throws(ReadError) {
    switch try top() {
    case .object(let index): graph.objects[index].state = state
    case .dict, .set: break
    case .none, .bool, .integer, .largeInteger, .double, .string, .bytes, .list, .tuple, .global, .persistent:
      throw failure(.pickleWrongType, expected: "an object to set attributes of")
    }
  }
}
