import Archives
import Testing

/// The examples are from https://protobuf.dev/programming-guides/encoding.
@Suite("Protobuf messages")
struct ProtobufFieldsTests {
  private func file(_ bytes: [UInt8]) -> MappedFile {
    MappedFile(copying: bytes.span.bytes, path: "/nonexistent/message")
  }

  private func fields(_ bytes: [UInt8]) throws -> [ProtobufFields.Field] {
    var fields = ProtobufFields(file(bytes), 0..<bytes.count)
    var found: [ProtobufFields.Field] = []
    while let field = try fields.next() { found.append(field) }
    return found
  }

  @Test("a number, a text and a nested message have the documented bytes")
  func documented() throws {
    let number = try #require(fields([0x08, 0x96, 0x01]).first)
    #expect(try number.number == 1 && number.offset == 0 && number.integer() == 150)
    let text: [UInt8] = [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67]
    #expect(try fields(text).first?.text(in: file(text)) == "testing")
    let nested = try #require(fields([0x1A, 0x03, 0x08, 0x96, 0x01]).first)
    #expect(try nested.number == 3 && nested.range() == 2..<5)
    // -2 takes ten bytes.
    let negative: [UInt8] = [0x08, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01]
    #expect(try fields(negative).first?.integer() == -2)
  }

  @Test("packed numbers are counted, read and widened to elements")
  func packed() throws {
    let bytes: [UInt8] = [0x32, 0x06, 0x03, 0x8E, 0x02, 0x9E, 0xA7, 0x05]
    let range = try #require(fields(bytes).first).range()
    #expect(VarintRun.count(file(bytes), range) == 3)
    var run = VarintRun(file: file(bytes), range: range)
    #expect(try [run.next(), run.next(), run.next(), run.next()] == [3, 270, 86942, nil])
    let elements = try PackedVarints(file: file(bytes), range: range, byteWidth: 4, byteCount: 12).load()
    let numbers = elements.bytes.withUnsafeBytes { Array($0.assumingMemoryBound(to: UInt32.self)) }
    #expect(numbers == [3, 270, 86942])
  }

  @Test("floats are little-endian")
  func floats() throws {
    #expect(try fields([0x0D, 0x00, 0x00, 0x80, 0x3F]).first?.float() == 1)
  }

  private static let malformedMessages: [(bytes: [UInt8], offset: UInt64)] = [
    ([0x00, 0x01], 0), ([0x08], 1), ([0x08, 0x80], 1), ([0x0B], 0), ([0x0D, 0, 0], 1),
    ([0x12, 0x02, 0x61], 0),
    ([0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], 1),
  ]

  @Test("bytes that no writer produces are an error at their offset", arguments: malformedMessages)
  func malformed(bytes: [UInt8], offset: UInt64) throws {
    let error = try #require(throws: ReadError.self) { try fields(bytes) }
    #expect(error.code == .protobufInvalid && error.byteOffset == offset, "\(error)")
  }

  @Test("a field of another kind than expected is an error")
  func wrongKind() throws {
    let field = try #require(fields([0x08, 0x01]).first)
    #expect(throws: ReadError.self) { try field.range() }
    #expect(throws: ReadError.self) { try field.float() }
  }
}
