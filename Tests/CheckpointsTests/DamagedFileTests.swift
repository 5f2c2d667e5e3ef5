import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

/// Damaged valid files and random bytes: for any bytes, a reader returns a checkpoint or an error.
@Suite("Damaged files")
struct DamagedFileTests {
  /// The files that hold the weights of a valid fixture.
  private func files(_ fixture: FixtureSidecar) throws -> [String] {
    try Checkpoint.open(fixture.path).files.map(\.path)
  }

  private func open(_ bytes: [UInt8]) throws(ReadError) -> Checkpoint {
    try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "damaged"))
  }

  /// Every tensor's values, in file order.
  private func values(_ checkpoint: Checkpoint) throws(ReadError) -> [[Float]] {
    var values: [[Float]] = []
    for tensor in checkpoint.tensors {
      values.append(try tensor.floats())
      tensor.releasePages()
    }
    return values
  }

  private func outcome(_ bytes: [UInt8]) -> Result<[[Float]], ReadError> {
    do throws(ReadError) {
      return .success(try values(open(bytes)))
    } catch {
      return .failure(error)
    }
  }

  private func isOneShortLine(_ error: ReadError) -> Bool {
    error.line.count < 900 && error.line.unicodeScalars.allSatisfy { $0.value >= 0x20 }
  }

  /// Bundles are checked when they are opened: DamagedBundleTests.
  private static let formats = CheckpointFormat.all.filter { $0 != .bundle }

  @Test("every format has a beginning that detection accepts", arguments: formats)
  func beginnings(format: CheckpointFormat) throws {
    let bytes = FormatBeginning.of(format) + [UInt8](repeating: 0, count: 600)
    let error = try #require(throws: ReadError.self) { _ = try open(bytes) }
    #expect(error.code != .unknownFormat && error.code != .emptyFile, "\(error)")
  }

  @Test(
    "random bytes after any format's beginning are an error, at any length", arguments: formats)
  func randomBytes(format: CheckpointFormat) throws {
    var random = SplitMix(seed: 5)
    for count in [0, 1, 2, 7, 8, 63, 512, 4096, 70_000] {
      for _ in 0..<8 {
        let bytes = FormatBeginning.of(format) + random.bytes(count)
        let error = #expect(throws: ReadError.self) { _ = try values(open(bytes)) }
        #expect(error.map(isOneShortLine) == true, "\(String(describing: error))")
      }
    }
  }

  @Test("random bytes alone are an error, at any length")
  func randomBytesAlone() throws {
    var random = SplitMix(seed: 7)
    for count in 0..<600 {
      #expect(throws: ReadError.self) { _ = try values(open(random.bytes(count))) }
    }
  }

  @Test("a truncated file is an error, or has all its weights", arguments: FixtureSidecar.all)
  func truncated(fixture: FixtureSidecar) throws {
    for path in try files(fixture) {
      let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
      // One file of several is not a checkpoint by itself.
      let expected = try? values(open(whole))
      for count in Self.cuts(whole.count) {
        switch outcome(Array(whole[..<count])) {
        case .success(let found): #expect(found == expected, "\(path), \(count) bytes")
        case .failure(let error): #expect(isOneShortLine(error), "\(error)")
        }
      }
    }
  }

  /// Every byte near both ends, and steps in between.
  private static func cuts(_ count: Int) -> [Int] {
    let steps = (1..<24).map { count / 24 * $0 + $0 % 3 }
    return Array(0..<min(20, count)) + steps + Array(max(count - 10, 0)..<count)
  }

  @Test(
    "a file with a changed byte is an error, or readable: header, directory, data",
    arguments: FixtureSidecar.all)
  func flipped(fixture: FixtureSidecar) throws {
    var random = SplitMix(seed: 11)
    for path in try files(fixture) {
      let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
      var refusals = 0
      for place in Self.places(whole.count, &random) {
        var changed = whole
        changed[place] ^= UInt8.random(in: 1...255, using: &random)
        if case .failure(let error) = outcome(changed) {
          refusals += 1
          #expect(isOneShortLine(error), "\(error)")
        }
      }
      #expect(refusals > 0, "\(path)")
    }
  }

  /// The first bytes, which every format checks, then its beginning, its end, and random positions.
  private static func places(_ count: Int, _ random: inout SplitMix) -> [Int] {
    var places = [0, 1, 2, 3]
    for _ in 0..<20 { places.append(Int.random(in: 0..<min(4096, count), using: &random)) }
    for _ in 0..<12 { places.append(Int.random(in: max(count - 2048, 0)..<count, using: &random)) }
    for _ in 0..<12 { places.append(Int.random(in: 0..<count, using: &random)) }
    return places
  }
}
