internal import Bytes

/// A stack machine for Python's pickle format that builds plain values and calls nothing.
///
/// Opcodes, and the classes and functions with a meaning, are closed tables (`PickleOpcode`, `PickleGlobal`). Where
/// Python would call a function, this records name and arguments.
public struct Unpickler: ~Escapable {
  var cursor: ByteCursor
  let limits: Limits
  var graph = PickleGraph()
  var stack: [PickleValue] = []
  /// Stack heights at each open MARK.
  private var marks: [Int] = []
  private var memo: [UInt32: PickleValue] = [:]
  /// Names resolved so far. A pickle can repeat one with each instruction.
  var globals: [PickleGlobal.Key: PickleGlobal] = [:]
  /// The highest size of the stack so far.
  private var highestStack = 0
  /// Offset of the current instruction.
  private(set) var instructionOffset: UInt64 = 0

  /// Unpickles all of `bytes`, which begin at `baseOffset` of their file.
  ///
  /// - Throws: any `pickle…` code, `wholeModulePickle`, `limitExceeded` or `budgetExceeded`.
  public static func unpickle(
    _ bytes: RawSpan, baseOffset: UInt64 = 0, limits: Limits
  ) throws(ReadError) -> PickleGraph {
    guard bytes.byteCount <= limits.pickleBytes else {
      throw ReadError(
        .limitExceeded, expected: "a pickle of at most \(limits.pickleBytes) bytes",
        found: "\(bytes.byteCount)")
    }
    var machine = Unpickler(
      cursor: ByteCursor(bytes, baseOffset: baseOffset),
      limits: limits.withBudget(forByteCount: bytes.byteCount))
    let graph = try machine.run()
    guard machine.cursor.isAtEnd else {
      throw machine.failure(.pickleTrailingData, found: "\(machine.cursor.remaining) bytes")
    }
    return graph
  }

  /// Unpickles the pickle at the beginning of `bytes`. Other data may follow.
  ///
  /// - Returns: the graph, and the number of bytes of its pickle.
  /// - Throws: any `pickle…` code, `wholeModulePickle`, `limitExceeded` or `budgetExceeded`.
  public static func unpickleFirst(
    _ bytes: RawSpan, baseOffset: UInt64 = 0, limits: Limits
  ) throws(ReadError) -> (graph: PickleGraph, byteCount: Int) {
    let allowed = bytes.extracting(first: limits.pickleBytes)
    var machine = Unpickler(
      cursor: ByteCursor(allowed, baseOffset: baseOffset),
      limits: limits.withBudget(forByteCount: allowed.byteCount))
    do throws(ReadError) {
      return (try machine.run(), machine.cursor.position)
    } catch {
      guard error.code == .pickleTruncated, allowed.byteCount < bytes.byteCount else { throw error }
      throw machine.failure(.limitExceeded, expected: "a pickle of at most \(limits.pickleBytes) bytes")
    }
  }

  @_lifetime(copy cursor)
  private init(cursor: consuming ByteCursor, limits: Limits) {
    self.cursor = cursor
    self.limits = limits
  }

  /// Charges elements that are added to a container. One instruction can copy all elements of another container.
  func charge(_ count: Int) throws(ReadError) {
    try limits.charge(
      count, of: MemoryLayout<PickleValue>.stride, for: "items of pickled containers", at: instructionOffset)
  }

  @_lifetime(self: copy self)
  private mutating func run() throws(ReadError) -> PickleGraph {
    while true {
      instructionOffset = cursor.absoluteOffset
      let byte = try readUInt8()
      guard let opcode = PickleOpcode(rawValue: byte) else {
        throw failure(.pickleUnknownOpcode, found: "0x" + String(byte, radix: 16))
      }
      if opcode == .stop { break }
      try execute(opcode)
    }
    graph.root = try pop()
    return graph
  }

  @_lifetime(self: copy self)
  private mutating func execute(_ opcode: PickleOpcode) throws(ReadError) {
    switch opcode {
    case .proto: try checkProtocol()
    case .frame: try checkFrame()
    case .stop: break
    case .mark: try openMark()
    case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .dup: try push(top())

    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .binInt: try push(.integer(Int64(Int32(bitPattern: try readUInt32()))))
    case .binInt1: try push(.integer(Int64(try readUInt8())))
    case .binInt2: try push(.integer(Int64(try readUInt16())))
    case .long1: try push(integer(byteCount: UInt64(try readUInt8())))
    case .long4: try push(integer(byteCount: UInt64(try readUInt32())))
    case .binFloat: try push(.double(try readDouble()))

    case .shortBinUnicode: try push(.string(text(byteCount: UInt64(try readUInt8()))))
    case .binUnicode: try push(.string(text(byteCount: UInt64(try readUInt32()))))
    case .binUnicode8: try push(.string(text(byteCount: try readUInt64())))
    // Python 2's strings. Names of tensors are ASCII; anything else is binary.
    case .shortBinString: try push(textOrBytes(byteCount: UInt64(try readUInt8())))
    case .binString: try push(textOrBytes(byteCount: UInt64(try readUInt32())))
    case .shortBinBytes: try skipBytes(UInt64(try readUInt8()))
    case .binBytes: try skipBytes(UInt64(try readUInt32()))
    case .binBytes8, .byteArray8: try skipBytes(try readUInt64())

    case .emptyList: try push(.list(newSequence([])))
    case .list: try push(.list(newSequence(popToMark())))
    case .append: try extend(with: [try pop()])
    case .appends, .addItems: try extend(with: try popToMark())
    case .emptySet: try push(.set(newSequence([])))
    case .frozenSet: try push(.set(newSequence(popToMark())))
    case .emptyTuple: try push(.tuple(newSequence([])))
    case .tuple: try push(.tuple(newSequence(popToMark())))
    case .tuple1: try pushTuple(count: 1)
    case .tuple2: try pushTuple(count: 2)
    case .tuple3: try pushTuple(count: 3)
    case .emptyDict: try push(.dict(newDictionary()))
    case .dict: try pushDictionary()
    case .setItem: try setItem()
    case .setItems: try setItems(try popToMark())

    case .global: try pushGlobal()
    case .stackGlobal: try pushStackGlobal()
    case .reduce, .newObj: try pushCall()
    // Protocol 4 can also pass arguments by name.
    case .newObjEx: try pushCall(named: try pop())
    case .build: try build(state: try pop())
    case .binPersID: try pushPersistent(try pop())

    case .binPut: try remember(UInt32(try readUInt8()))
    case .longBinPut: try remember(try readUInt32())
    case .memoize: try remember(UInt32(clamping: memo.count))
    case .binGet: try push(recall(UInt32(try readUInt8())))
    case .longBinGet: try push(recall(try readUInt32()))
    }
  }
}

// MARK: Structure and memo

extension Unpickler {
  @_lifetime(self: copy self)
  private mutating func checkProtocol() throws(ReadError) {
    let version = try readUInt8()
    guard (2...5).contains(version) else {
      throw failure(.pickleBadProtocol, expected: "2 to 5", found: "\(version)")
    }
  }

  @_lifetime(self: copy self)
  private mutating func checkFrame() throws(ReadError) {
    let length = try readUInt64()
    guard length <= UInt64(cursor.remaining) else {
      throw failure(.pickleTruncated, expected: "a frame of \(length) bytes", found: "\(cursor.remaining)")
    }
  }

  @_lifetime(self: copy self)
  private mutating func openMark() throws(ReadError) {
    guard marks.count < limits.pickleStack else {
      throw failure(.limitExceeded, expected: "at most \(limits.pickleStack) marks")
    }
    marks.append(stack.count)
  }

  @_lifetime(self: copy self)
  private mutating func remember(_ index: UInt32) throws(ReadError) {
    guard memo.count < limits.pickleMemo else {
      throw failure(.limitExceeded, expected: "at most \(limits.pickleMemo) remembered values")
    }
    if memo.updateValue(try top(), forKey: index) == nil {
      try limits.charge(
        2 * MemoryLayout<PickleValue>.stride, for: "remembered values of a pickle", at: instructionOffset)
    }
  }

  private func recall(_ index: UInt32) throws(ReadError) -> PickleValue {
    guard let value = memo[index] else { throw failure(.pickleUnknownMemo, found: "memo \(index)") }
    return value
  }
}

// MARK: Stack

extension Unpickler {
  @_lifetime(self: copy self)
  mutating func push(_ value: PickleValue) throws(ReadError) {
    guard stack.count < limits.pickleStack else {
      throw failure(.limitExceeded, expected: "at most \(limits.pickleStack) values on the stack")
    }
    if stack.count >= highestStack {
      try charge(1)
      highestStack = stack.count + 1
    }
    stack.append(value)
  }

  /// Values below an open MARK cannot be popped.
  @_lifetime(self: copy self)
  mutating func pop() throws(ReadError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw failure(.pickleStackUnderflow)
    }
    return value
  }

  func top() throws(ReadError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else {
      throw failure(.pickleStackUnderflow)
    }
    return value
  }

  @_lifetime(self: copy self)
  mutating func popToMark() throws(ReadError) -> [PickleValue] {
    guard let height = marks.popLast(), height <= stack.count else {
      throw failure(.pickleStackUnderflow, expected: "a mark")
    }
    let values = Array(stack[height...])
    stack.removeSubrange(height...)
    return values
  }

  func failure(_ code: ReadError.Code, expected: String? = nil, found: String? = nil) -> ReadError {
    ReadError(code, at: instructionOffset, expected: expected, found: found)
  }
}

// MARK: Operands

extension Unpickler {
  @_lifetime(self: copy self)
  mutating func readUInt8() throws(ReadError) -> UInt8 {
    do throws(ByteFault) { return try cursor.readUInt8() } catch { throw truncated(error) }
  }

  @_lifetime(self: copy self)
  mutating func readUInt16() throws(ReadError) -> UInt16 {
    do throws(ByteFault) { return try cursor.readUInt16() } catch { throw truncated(error) }
  }

  @_lifetime(self: copy self)
  mutating func readUInt32() throws(ReadError) -> UInt32 {
    do throws(ByteFault) { return try cursor.readUInt32() } catch { throw truncated(error) }
  }

  @_lifetime(self: copy self)
  mutating func readUInt64() throws(ReadError) -> UInt64 {
    do throws(ByteFault) { return try cursor.readUInt64() } catch { throw truncated(error) }
  }

  @_lifetime(self: copy self)
  mutating func readDouble() throws(ReadError) -> Double {
    do throws(ByteFault) { return try cursor.readBigEndianDouble() } catch { throw truncated(error) }
  }

  @_lifetime(copy self)
  mutating func readBytes(_ count: UInt64) throws(ReadError) -> RawSpan {
    do throws(ByteFault) { return try cursor.readBytes(Int(clamping: count)) } catch {
      throw truncated(error)
    }
  }

  func truncated(_ fault: ByteFault) -> ReadError {
    ReadError(
      .pickleTruncated, at: fault.byteOffset, expected: "\(fault.needed) more bytes",
      found: "\(fault.available)")
  }
}
