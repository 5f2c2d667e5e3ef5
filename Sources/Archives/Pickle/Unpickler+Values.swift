internal import Bytes

extension Unpickler {
  /// A little-endian two's complement number of any length; zero if there are no bytes.
  @_lifetime(self: copy self)
  mutating func integer(byteCount: UInt64) throws(ReadError) -> PickleValue {
    let bytes = try readBytes(byteCount)
    guard bytes.byteCount <= 8 else { return .largeInteger }
    guard bytes.byteCount > 0 else { return .integer(0) }
    var bits: UInt64 = 0
    for index in 0..<bytes.byteCount {
      bits |= UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) << UInt64(8 * index)
    }
    let unused = UInt64(64 - 8 * bytes.byteCount)
    return .integer(Int64(bitPattern: bits << unused) >> Int64(unused))
  }

  @_lifetime(self: copy self)
  mutating func text(byteCount: UInt64) throws(ReadError) -> String {
    let bytes = try readBytes(byteCount).withUnsafeBytes { Array($0) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failure(.pickleInvalidText) }
    try limits.requireFewMarks(text, at: instructionOffset)
    return text
  }

  @_lifetime(self: copy self)
  mutating func textOrBytes(byteCount: UInt64) throws(ReadError) -> PickleValue {
    let bytes = try readBytes(byteCount).withUnsafeBytes { Array($0) }
    guard let text = String(validating: bytes, as: UTF8.self) else { return .bytes }
    try limits.requireFewMarks(text, at: instructionOffset)
    return .string(text)
  }

  @_lifetime(self: copy self)
  mutating func skipBytes(_ count: UInt64) throws(ReadError) {
    _ = try readBytes(count)
    try push(.bytes)
  }
}

// MARK: Containers

extension Unpickler {
  mutating func newSequence(_ values: [PickleValue]) throws(ReadError) -> Int {
    // One additional item for the list itself.
    try charge(values.count + 1)
    graph.sequences.append(values)
    return graph.sequences.count - 1
  }

  mutating func newDictionary() -> Int {
    graph.dictionaries.append([])
    return graph.dictionaries.count - 1
  }

  @_lifetime(self: copy self)
  mutating func pushTuple(count: Int) throws(ReadError) {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop()) }
    try push(.tuple(newSequence(values.reversed())))
  }

  @_lifetime(self: copy self)
  mutating func pushDictionary() throws(ReadError) {
    let items = try popToMark()
    try push(.dict(newDictionary()))
    try setItems(items)
  }

  mutating func extend(with values: [PickleValue]) throws(ReadError) {
    try charge(values.count)
    switch try top() {
    case .list(let index), .set(let index): graph.sequences[index].append(contentsOf: values)
    case .object(let index): graph.objects[index].items.append(contentsOf: values)
    case .none, .bool, .integer, .largeInteger, .double, .string, .bytes, .tuple, .dict, .global, .persistent:
      throw failure(.pickleWrongType, expected: "a list or set to append to")
    }
  }

  @_lifetime(self: copy self)
  mutating func setItem() throws(ReadError) {
    let value = try pop()
    let key = try pop()
    try setItems([key, value])
  }

  /// `items` are alternating keys and values.
  mutating func setItems(_ items: [PickleValue]) throws(ReadError) {
    guard items.count.isMultiple(of: 2) else {
      throw failure(.pickleWrongType, expected: "as many values as keys")
    }
    try charge(items.count)
    if case .object(let index) = try top() {
      graph.objects[index].items += items
      return
    }
    guard case .dict(let index) = try top() else {
      throw failure(.pickleWrongType, expected: "a dictionary to set items in")
    }
    for position in stride(from: 0, to: items.count, by: 2) {
      graph.dictionaries[index].append((items[position], items[position + 1]))
    }
  }
}
