import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

/// Changes every byte of the seeds of each format's fuzz target, which are small files with all its structures.
@Suite("Every byte")
struct EveryByteTests {
  struct Seed: Sendable, CustomTestStringConvertible {
    var path: String
    var testDescription: String { path }

    static let all = CheckpointFormat.all.filter(\.isReadable).flatMap { format in
      let folder = "corpus/\(format.identifier)"
      let names = (try? FileManager.default.contentsOfDirectory(atPath: Fixture.url(folder).path)) ?? []
      return names.sorted().map { Seed(path: "\(folder)/\($0)") }
    }
  }

  @Test("every supported format has seeds", arguments: CheckpointFormat.all.filter(\.isReadable))
  func seeds(format: CheckpointFormat) {
    #expect(Seed.all.contains { $0.path.hasPrefix("corpus/\(format.identifier)/") })
  }

  @Test("changing any byte of a small file crashes no reader", arguments: Seed.all)
  func everyByteChanged(seed: Seed) throws {
    let original = [UInt8](try Fixture.data(seed.path))
    for index in original.indices.prefix(Self.byteCount) where !isPadding(original, index) {
      for value: UInt8 in [0x00, 0xFF, original[index] ^ 0x01, original[index] &+ 0x40] {
        var bytes = original
        bytes[index] = value
        let file = MappedFile(copying: bytes.span.bytes, path: "changed")
        guard let checkpoint = try? Checkpoint.open(file) else { continue }
        for tensor in checkpoint.tensors where tensor.elementCount < 1 << 20 { _ = try? tensor.floats() }
      }
    }
  }

  /// Larger seeds only repeat the same structures.
  private static let byteCount = 6144

  /// Zeros between zeros, which fill most of a tar.
  private func isPadding(_ bytes: [UInt8], _ index: Int) -> Bool {
    bytes[max(index - 8, 0)..<min(index + 9, bytes.count)].allSatisfy { $0 == 0 }
  }
}
