import Archives
import Checkpoints
import Testing

/// Files that nest containers a million deep. A file never determines the depth of a recursion.
@Suite("Nested a million deep")
struct NestingTests {
  static let depth = 1_000_000

  private func code(of bytes: [UInt8]) -> ReadError.Code? {
    #expect(throws: ReadError.self) {
      _ = try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "deep"))
    }?.code
  }

  private func repeated(_ text: String) -> [UInt8] { Array(String(repeating: text, count: Self.depth).utf8) }

  private func repeated(_ bytes: [UInt8]) -> [UInt8] {
    Array(repeatElement(bytes, count: Self.depth).joined())
  }

  @Test("MessagePack's maps and lists are errors at the limit")
  func messagePack() {
    #expect(code(of: repeated([0x81, 0xA1, 0x61]) + [0xC0]) == .messagePackTooDeep)
    #expect(code(of: [0x81, 0xA1, 0x61] + repeated([0x91]) + [0xC0]) == .messagePackTooDeep)
  }

  @Test("JSON's arrays and objects are errors at the limit, in a header and in an index")
  func json() {
    let header = Array(#"{"a":"#.utf8) + repeated("[")
    #expect(code(of: FormatBeginning.count(UInt64(header.count)) + header) == .jsonTooDeep)
    #expect(code(of: Array(#"{"weight_map":"#.utf8) + repeated(#"{"a":"#)) == .jsonTooDeep)
  }

  @Test("NumPy's headers have no nesting")
  func npy() {
    let header = Array("{'descr': ".utf8) + repeated("(")
    let bytes =
      [0x93] + Array("NUMPY".utf8) + [2, 0] + FormatBeginning.count(UInt64(header.count)).prefix(4) + header
    let error = code(of: bytes)
    #expect(error == .limitExceeded || error == .unsupportedFormat, "\(String(describing: error))")
  }

  @Test("pickled tuples, lists and dictionaries are built and released without recursion")
  func pickle() throws {
    let tuples = [0x80, 2, 0x29] + repeated([0x85]) + [0x2E]
    let lists = [0x80, 2] + repeated([0x5D]) + repeated([0x61]).dropLast() + [0x2E]
    var limits = Limits()
    limits.pickleStack = Self.depth + 1
    for bytes in [tuples, lists] {
      let bytes = Array(bytes)
      // Like a pickle of this many tuples in a file of weights.
      let limits = limits.withBudget(forByteCount: 16 * Self.depth)
      #expect(throws: Never.self) { _ = try Unpickler.unpickle(bytes.span.bytes, limits: limits) }
    }
  }
}
