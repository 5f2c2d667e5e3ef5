import Archives
import Foundation
import FuzzTargets
import TestSupport
import Testing

/// A short, deterministic version of the fuzzers' work. A crash here ends the test process.
@Suite("Fuzz targets, replayed")
struct ReplayTests {
  /// Mutants of one seed file.
  static let mutantsPerSeed = 40
  /// Larger seeds would mostly cost time for copying.
  static let largestSeed = 64 << 10

  @Test("every target has a corpus", arguments: FuzzTarget.all)
  func corpusExists(target: FuzzTarget) throws {
    #expect(!(try seeds(target)).isEmpty)
  }

  @Test("files that once crashed a reader, and malformed files, are errors", arguments: FuzzTarget.all)
  func corpus(target: FuzzTarget) throws {
    for seed in try seeds(target) { target.run(seed.span.bytes) }
  }

  @Test("no truncation of a small seed crashes a reader", arguments: FuzzTarget.all)
  func truncations(target: FuzzTarget) throws {
    for seed in try seeds(target) where seed.count < 2048 {
      for count in 0..<seed.count {
        let head = Array(seed[..<count])
        target.run(head.span.bytes)
      }
    }
  }

  @Test("no mutant of a seed crashes a reader", arguments: FuzzTarget.all)
  func mutants(target: FuzzTarget) throws {
    var mutator = Mutator()
    for seed in try seeds(target) where seed.count <= Self.largestSeed {
      for _ in 0..<Self.mutantsPerSeed {
        let mutant = mutator.mutate(seed)
        target.run(mutant.span.bytes)
      }
    }
  }

  /// Contents of `Fixtures/corpus/<target>`, and of the malformed files of every group.
  private func seeds(_ target: FuzzTarget) throws -> [[UInt8]] {
    let groups = try Folder.names(in: Fixture.url("malformed").path, limits: .standard)
      .filter { Folder.hasFolder(Fixture.url("malformed/" + $0).path) }
    let folders = ["corpus/" + target.name] + groups.map { "malformed/" + $0 }
    var seeds: [[UInt8]] = []
    for folder in folders {
      for name in try Folder.names(in: Fixture.url(folder).path, limits: .standard) {
        let path = Fixture.url(folder + "/" + name)
        if Folder.hasFile(path.path) { seeds.append([UInt8](try Data(contentsOf: path))) }
      }
    }
    return seeds
  }
}

/// Deterministic damage: flipped bits, overwritten runs, truncation, duplication, and numbers at the limits of their
/// range.
private struct Mutator {
  private var random = SplitMix(seed: 0x9E37_79B9_7F4A_7C15)

  mutating func mutate(_ seed: [UInt8]) -> [UInt8] {
    var bytes = seed
    for _ in 0...random.next(below: 4) where !bytes.isEmpty { damage(&bytes) }
    return bytes
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    let position = random.next(below: bytes.count)
    let end = min(bytes.count, position + 1 + random.next(below: 16))
    switch random.next(below: 6) {
    case 0: bytes[position] ^= 1 << UInt8(random.next(below: 8))
    case 1: bytes[position] = [0, 1, 0x7F, 0x80, 0xFF][random.next(below: 5)]
    case 2: for index in position..<end { bytes[index] = 0xFF }
    case 3: bytes.removeSubrange(position..<end)
    case 4: bytes.insert(contentsOf: bytes[position..<end], at: position)
    default: bytes[position] = UInt8(random.next(below: 256))
    }
  }
}
