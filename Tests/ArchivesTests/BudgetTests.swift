import Archives
import Foundation
import TestSupport
import Testing

@Suite("Budget for opening a file")
struct BudgetTests {
  /// Limits with a budget for a file of this size.
  private static func limits(_ byteCount: Int) -> Limits {
    Limits.standard.withBudget(forByteCount: byteCount)
  }

  private static let base = 64 << 20

  @Test("charges add up, and the first one beyond the budget is an error", arguments: [0, 1000])
  func addsUp(byteCount: Int) throws {
    let limits = Self.limits(byteCount)
    let budget = try #require(limits.budget)
    #expect(budget.allowedByteCount == Self.base + 8 * byteCount)
    try limits.charge(1000, for: "test")
    try limits.charge(10, of: 100, for: "test")
    #expect(budget.takenByteCount == 2000)
    try limits.charge(budget.allowedByteCount - 2000, for: "test")
    let error = try #require(throws: ReadError.self) { try limits.charge(1, for: "names", at: 7) }
    #expect(error.code == .budgetExceeded)
    #expect(error.byteOffset == 7)
    #expect(error.expected == "at most 64 MiB to open \(byteCount) bytes")
    #expect(error.found == "more, with the names")
  }

  @Test("an overflowing count exceeds every budget and does not reduce the sum")
  func overflows() throws {
    let limits = Self.limits(1 << 62)
    #expect(throws: Never.self) { try limits.charge(1, of: 1, for: "test") }
    let small = Self.limits(1)
    #expect(throws: ReadError.self) { try small.charge(.max, of: .max, for: "test") }
    #expect(throws: ReadError.self) { try small.charge(-1, for: "test") }
  }

  @Test("limits without a budget allow everything; limits with one keep it")
  func travels() throws {
    #expect(Limits.standard.budget == nil)
    #expect(throws: Never.self) { try Limits.standard.charge(.max, for: "test") }
    let limits = Limits.standard.withBudget
    #expect(limits.withBudget == limits)
    #expect(limits.withBudget(forByteCount: 5) == limits)
    #expect(Limits.standard.withBudget != limits)
  }

  @Test("each file of a checkpoint adds to one budget; a link to a file adds nothing")
  func files() throws {
    let folder = try TemporaryFolder()
    let limits = Limits.standard.withBudget
    let budget = try #require(limits.budget)
    for (name, count) in [("a", 100), ("b", 20)] {
      let path = try folder.write(Data(count: count), to: name)
      limits.admit(try MappedFile(path: path))
    }
    #expect(budget.allowedByteCount == Self.base + 8 * 120)
    let link = folder.path + "/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path + "/a")
    limits.admit(try MappedFile(path: link))
    #expect(budget.allowedByteCount == Self.base + 8 * 120)
  }

  @Test("compressed weights can inflate 256-fold in total, after a shared first megabyte")
  func inflation() throws {
    let limits = Self.limits(1000)
    let allowed = 1 << 20
    try limits.inflate(allowed)
    try limits.inflate(256 * 1000)
    let error = try #require(throws: ReadError.self) { try limits.inflate(1) }
    #expect(error.code == .budgetExceeded)
    #expect(throws: Never.self) { try limits.require(weightBytes: allowed + 256_000) }
    #expect(throws: ReadError.self) { try limits.require(weightBytes: allowed + 256_001) }
  }

  @Test("a slice of a mapped file is not computed; a part of a computed source is")
  func mappedBytes() {
    let file = MappedFile(copying: [UInt8](repeating: 0, count: 10).span.bytes, path: "ten")
    let slice = FileSlice(file: file, range: 2..<8)
    #expect(slice.computedByteCount == 0)
    #expect(PartialSource(slice, range: 1..<3).computedByteCount == 0)
  }

  @Test("JSON is charged for each value, and for each key with its text")
  func json() throws {
    let limits = Self.limits(100)
    let bytes = Array(#"{"abc":[1,2],"d":null}"#.utf8)
    _ = try JSONParser.parse(bytes.span.bytes, limits: limits)
    // The object, the list, two numbers and null; two keys.
    #expect(limits.budget?.takenByteCount == 5 * 64 + 2 * 64 + 4)
  }

  @Test("a pickle is charged for the items that an instruction copies, not for its bytes")
  func pickle() throws {
    func taken(_ copies: Int) throws -> Int {
      let limits = Self.limits(100)
      // A list of a hundred values, stored in the memo; then sets of it.
      var bytes: [UInt8] = [0x80, 2, 0x5D, 0x71, 0, 0x28]
      bytes += [UInt8](repeating: 0x4E, count: 100) + [0x65, 0x30]
      for _ in 0..<copies {
        bytes += Array("cbuiltins\nset\n".utf8) + [0x68, 0, 0x85, 0x52, 0x30]
      }
      bytes += [0x4E, 0x2E]
      _ = try Unpickler.unpickle(bytes.span.bytes, limits: limits)
      return try #require(limits.budget?.takenByteCount)
    }
    let (one, two, three) = (try taken(1), try taken(2), try taken(3))
    #expect(three - two == two - one)
    // A hundred items, the list itself, and a tuple of one item around it.
    let item = (two - one) / 103
    #expect((two - one) == 103 * item && item >= 32)
  }
}
