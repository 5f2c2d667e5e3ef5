import Archives
import Testing

@Suite("Unpickler")
struct UnpicklerTests {
  private func unpickle(_ bytes: [UInt8], limits: Limits = .standard) throws(ReadError) -> PickleGraph {
    try Unpickler.unpickle(bytes.span.bytes, limits: limits)
  }

  /// As written by CPython 3.11's pickle.dumps(value, 2).
  @Test(
    "integers of every width",
    arguments: [
      ("80024b052e", 5), ("80024affffffff2e", -1), ("80024a80ffffff2e", -128), ("80024d39302e", 12345),
      ("80028a002e", 0), ("80028a01802e", -128), ("80028a0500000000102e", 68_719_476_736),
    ])
  func integers(hex: String, value: Int) throws {
    #expect(try unpickle(bytes(hex)).root == .integer(Int64(value)))
  }

  @Test("an integer beyond 64 bits is kept, not truncated")
  func largeInteger() throws {
    #expect(try unpickle(bytes("80028a0a6cfc9c46f9206aa850192e")).root == .largeInteger)
  }

  @Test("containers keep their structure")
  func nested() throws {
    // pickle.dumps({'a': [1, (2.5, None)], 'b': True}, 4)
    let graph = try unpickle(
      bytes("80049520000000000000007d94288c0161945d94284b014740040000000000004e8694658c01629488752e"))
    let pairs = try #require(graph.pairs(of: graph.root))
    #expect(pairs.map(\.key) == [.string("a"), .string("b")])
    #expect(pairs[1].value == .bool(true))
    let list = try #require(graph.elements(of: pairs[0].value))
    #expect(list[0] == .integer(1))
    #expect(graph.elements(of: list[1]) == [.double(2.5), .none])
  }

  @Test("the first of several pickles is read, with its length")
  func firstOfSeveral() throws {
    let two = bytes("80024b052e80024b062e")
    let (graph, byteCount) = try Unpickler.unpickleFirst(two.span.bytes, limits: .standard)
    #expect(graph.root == .integer(5) && byteCount == 5)
    #expect(throws: ReadError.self) { _ = try unpickle(two) }
  }

  @Test("a first pickle without end counts as too long if more bytes follow, not as truncated")
  func firstWithoutEnd() throws {
    var limits = Limits()
    limits.pickleBytes = 4
    let long = bytes("80024b054b062e")
    let error = #expect(throws: ReadError.self) {
      _ = try Unpickler.unpickleFirst(long.span.bytes, limits: limits)
    }
    #expect(error?.code == .limitExceeded)
  }

  @Test("a list that contains itself is a graph and neither leaks nor loops")
  func cycle() throws {
    // l = []; l.append(l); pickle.dumps(l, 2)
    let graph = try unpickle(bytes("80025d71006800612e"))
    #expect(graph.elements(of: graph.root) == [graph.root])
  }

  @Test("a tuple nested a hundred thousand times is built and released without recursion")
  func deepTuple() throws {
    let nested = [UInt8](repeating: 0x85, count: 100_000)
    let graph = try unpickle([0x80, 2, 0x4E] + nested + [0x2E])
    #expect(graph.elements(of: graph.root)?.count == 1)
  }

  @Test("stack and memo are bounded")
  func bounds() throws {
    var limits = Limits()
    limits.pickleStack = 10
    limits.pickleMemo = 10
    let pushes: [UInt8] = [0x80, 2] + [UInt8](repeating: 0x4E, count: 11)
    let stackError = #expect(throws: ReadError.self) { _ = try unpickle(pushes, limits: limits) }
    #expect(stackError?.code == .limitExceeded)
    let puts: [UInt8] = [0x80, 2, 0x4E] + (UInt8(0)..<11).flatMap { [0x71, $0] }
    let memoError = #expect(throws: ReadError.self) { _ = try unpickle(puts, limits: limits) }
    #expect(memoError?.code == .limitExceeded)
  }

  @Test(
    "names that would run code are rejected with the name",
    arguments: [
      ("os", "system"), ("builtins", "exec"), ("torch", "load"), ("numpy", "load"),
      ("torch._utils", "_import"), ("builtins", "getattr"), ("__builtin__", "compile"),
      ("types", "FunctionType"),
      ("posixpath", "join"), ("numpy.testing._private.utils", "runstring"), ("torch.jit", "script"),
      ("mine", "os.system"),
      ("collections", "OrderedDict.__class__"), ("functools", "partial.__globals__"),
      ("operator", "attrgetter"),
    ])
  func refusals(module: String, name: String) throws {
    let call: [UInt8] = [0x80, 2] + Array("c\(module)\n\(name)\n".utf8) + [0x29, 0x52, 0x2E]
    let error = try #require(throws: ReadError.self) { _ = try unpickle(call) }
    #expect(error.code == .pickleRefusedGlobal)
    #expect(error.found?.hasPrefix("refused: \(module).\(name)") == true)
    #expect(error.byteOffset == 2 || name == "getattr")
  }

  @Test(
    "unknown classes and functions are inert and keep their arguments",
    arguments: [
      ("datetime", "datetime"), ("pathlib._local", "PosixPath"), ("functools", "partial"),
      ("mine.train", "Config"),
      ("builtins", "list"), ("__builtin__", "str.lower"), ("builtins", "KeyError"),
      ("types", "SimpleNamespace"),
    ])
  func inert(module: String, name: String) throws {
    let call: [UInt8] = [0x80, 2] + Array("c\(module)\n\(name)\n".utf8) + [0x4B, 5, 0x85, 0x52, 0x2E]
    let graph = try unpickle(call)
    let object = try #require(graph.object(of: graph.root))
    #expect(object.opaqueName == "\(module).\(name)" && object.arguments == [.integer(5)])
  }

  @Test(
    "getattr of an enumeration (Python 3.11) becomes a name; attributes of objects are rejected")
  func memberByAttribute() throws {
    let member = Array("c__builtin__\ngetattr\ncmine\nMode\nX\u{5}\0\0\0TRAIN".utf8)
    #expect(
      try unpickle([0x80, 2] + member + [0x86, 0x52, 0x2E]).root
        == .global(.opaque(module: "mine", name: "Mode.TRAIN")))
    let object = Array("c__builtin__\ngetattr\ncmine\nMode\n)RX\u{3}\0\0\0run".utf8)
    let error = #expect(throws: ReadError.self) {
      _ = try unpickle([0x80, 2] + object + [0x86, 0x52, 0x2E])
    }
    #expect(error?.code == .pickleRefusedGlobal)
  }

  private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
