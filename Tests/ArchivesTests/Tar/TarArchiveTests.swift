import Archives
import Foundation
import TestSupport
import Testing

@Suite("Tar archives")
struct TarArchiveTests {
  private static let block = 512

  private func open(_ bytes: Data, most: Int = 8) throws -> TarArchive {
    let bytes = [UInt8](bytes)
    return try TarArchive(
      MappedFile(copying: bytes.span.bytes, path: "/nonexistent/old.tar"), most: most, limits: .standard)
  }

  private func error(_ bytes: Data) throws -> ReadError {
    try #require(throws: ReadError.self) { try open(bytes) }
  }

  @Test("members have the names and sizes that GNU tar lists, with extended headers applied")
  func members() throws {
    let pair = try open(Fixture.data("corpus/pytorch-tar/pair"))
    #expect(pair.members.map(\.name) == ["sys_info", "pickle", "tensors", "storages"])
    #expect(pair.members.map(\.content.byteCount) == [51, 54, 125, 123])
    #expect(pair.members.allSatisfy { $0.kind == .plain })
    let wrapped = try open(Fixture.data("corpus/pytorch-tar/wrapped"))
    #expect(wrapped.members.map(\.content.byteCount) == [51, 89, 109, 88])
    #expect(wrapped["pickle"]?.content.byteCount == 89 && wrapped["weights"] == nil)
  }

  @Test("reading stops one member after the expected number")
  func most() throws {
    #expect(try open(Fixture.data("corpus/pytorch-tar/pair"), most: 1).members.count == 2)
  }

  @Test("a truncated file is an error at any truncation point", arguments: ["pair", "wrapped"])
  func everyLength(seed: String) throws {
    let original = try Fixture.data("corpus/pytorch-tar/" + seed)
    for count in Self.block..<original.count {
      let error = try error(original.prefix(count))
      #expect(error.code == .truncatedFile, "\(count) bytes: \(error)")
    }
  }

  @Test("a changed byte in a header breaks its checksum", arguments: [0, 100, 124, 136, 156, 345, 511])
  func checksum(index: Int) throws {
    var bytes = try Fixture.data("corpus/pytorch-tar/pair")
    bytes[index] ^= 1
    #expect(try error(bytes) == ReadError(.tarChecksum, at: 0, expected: error(bytes).expected))
  }

  private static let wrongFields: [(start: Int, text: String, code: ReadError.Code, offset: UInt64)] = [
    (0, "/etc/passwd", .tarUnsafeName, 0), (0, "../etc/passwd", .tarUnsafeName, 0),
    (0, "a\\b", .tarUnsafeName, 0), (0, "pickle\0", .tarDuplicateName, 1024),
    (124, "00000000098", .tarNumber, 124), (124, "77777777777", .truncatedFile, 512),
  ]

  @Test("the fields of a header with a valid checksum are checked", arguments: wrongFields)
  func fields(start: Int, text: String, code: ReadError.Code, offset: UInt64) throws {
    var bytes = try Fixture.data("corpus/pytorch-tar/pair")
    bytes.replaceSubrange(start..<start + text.utf8.count, with: Data(text.utf8))
    repairChecksum(&bytes)
    let error = try error(bytes)
    #expect(error.code == code && error.byteOffset == offset, "\(error)")
  }

  @Test(
    "the kind of a member that is not a plain file has a name",
    arguments: [("1", "a link"), ("5", "a folder"), ("S", "a sparse file"), ("Z", "kind 90")])
  func kinds(flag: String, name: String) throws {
    var bytes = try Fixture.data("corpus/pytorch-tar/pair")
    bytes.replaceSubrange(156..<157, with: Data(flag.utf8))
    repairChecksum(&bytes)
    #expect(try open(bytes).members.first?.kind == .other(name))
  }

  /// For the first header.
  private func repairChecksum(_ bytes: inout Data) {
    let field = 148..<156
    bytes.replaceSubrange(field, with: Data(repeating: 0x20, count: 8))
    let sum = bytes[..<Self.block].reduce(0) { $0 + Int($1) }
    bytes.replaceSubrange(field, with: Data((String(format: "%06o", sum) + "\0 ").utf8))
  }
}
