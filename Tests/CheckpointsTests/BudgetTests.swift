import Archives
import Checkpoints
import TestSupport
import Testing

@Suite("Budget for opening a checkpoint")
struct CheckpointBudgetTests {
  /// The used fraction of the budget.
  private static func share(_ path: String) throws -> Double {
    let limits = Limits.standard.withBudget
    _ = try Checkpoint.open(path, limits: limits)
    let budget = try #require(limits.budget)
    return Double(budget.takenByteCount) / Double(budget.allowedByteCount)
  }

  /// Files of the libraries, including published ones, are far below the limit.
  static let mostOfAllowance = 0.5

  @Test("every fixture of docs/FORMATS.md uses at most half of its budget", arguments: FixtureSidecar.all)
  func fixtures(fixture: FixtureSidecar) throws {
    #expect(try Self.share(fixture.path) <= Self.mostOfAllowance)
  }

  @Test("fixtures are charged, so no reader forgets to charge")
  func everyReaderCharges() throws {
    for fixture in FixtureSidecar.all { #expect(try Self.share(fixture.path) > 0, "\(fixture)") }
  }

  @Test(
    "letters with more combining marks than any script uses are errors, because sorting them takes quadratic time"
  )
  func combiningMarks() throws {
    for (count, isRefused) in [(30, false), (31, true)] {
      let file = Self.names(["visual.a" + String(repeating: "\u{316}", count: count)])
      if isRefused {
        let error = try #require(throws: ReadError.self) { _ = try Checkpoint.open(file) }
        #expect(error.code == .limitExceeded)
        #expect(error.expected == "at most 30 combining marks on one letter")
      } else {
        #expect(throws: Never.self) { _ = try Checkpoint.open(file) }
      }
    }
  }

  /// Tensors of the largest published models, in the densest possible header.
  @Test("a header of five thousand tensors with long names uses at most half of its budget")
  func manyTensors() throws {
    let entries = (0..<5000).map { index in
      "\"vision_model.encoder.layers.\(index).self_attn.out_proj.weight.of.a.long.name\""
        + ":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(4 * index),\(4 * index + 4)]}"
    }
    let header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
    var bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    bytes += header + [UInt8](repeating: 0, count: 4 * 5000)
    let file = MappedFile(copying: bytes.span.bytes, path: "many.safetensors")
    let limits = Limits.standard.withBudget
    _ = try Checkpoint.open(file, limits: limits)
    let budget = try #require(limits.budget)
    #expect(2 * budget.takenByteCount <= budget.allowedByteCount)
  }

  // MARK: Work that a file can multiply

  /// A safetensors file whose tensors have these names and one element each.
  private static func names(_ names: [String]) -> MappedFile {
    let entries = names.enumerated().map { index, name in
      "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(4 * index),\(4 * index + 4)]}"
    }
    let header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
    var bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    bytes += header + [UInt8](repeating: 0, count: 4 * names.count)
    return MappedFile(copying: bytes.span.bytes, path: "names.safetensors")
  }

  private static func taken(_ file: MappedFile) throws -> Int {
    let limits = Limits.standard.withBudget
    _ = try Checkpoint.open(file, limits: limits)
    return try #require(limits.budget?.takenByteCount)
  }

  @Test("twice as many tensors use at most twice as much")
  func growsWithTheFile() throws {
    func some(_ count: Int) -> MappedFile { Self.names((0..<count).map { "visual.tensor\(1000 + $0)" }) }
    let (one, two, four) = (try Self.taken(some(100)), try Self.taken(some(200)), try Self.taken(some(400)))
    #expect(four - two == 2 * (two - one))
  }

  @Test("a name is charged for each of its components")
  func components() throws {
    let flat = try Self.taken(Self.names(["visual." + String(repeating: "a", count: 900)]))
    let deep = try Self.taken(Self.names(["visual." + String(repeating: "a.", count: 450)]))
    #expect(deep - flat == 64 * 450)
  }

  @Test("a name of more than a kilobyte is an error in any format")
  func longName() throws {
    let file = Self.names(["visual." + String(repeating: "a", count: 1018)])
    let error = try #require(throws: ReadError.self) { _ = try Checkpoint.open(file) }
    #expect(error.code == .limitExceeded)
    #expect(error.expected == "a name of at most 1024 bytes")
  }

  @Test("shards share one budget, to which each adds")
  func shards() throws {
    let sharded = try #require(
      FixtureSidecar.all.first { $0.path.hasSuffix("sharded") || $0.name.contains("shard") })
    let limits = Limits.standard.withBudget
    let checkpoint = try Checkpoint.open(sharded.path, limits: limits)
    let bytes = checkpoint.files.reduce(0) { $0 + $1.byteCount }
    let budget = try #require(limits.budget)
    #expect(checkpoint.files.count > 1)
    #expect(budget.allowedByteCount >= (64 << 20) + 8 * bytes)
  }
}
