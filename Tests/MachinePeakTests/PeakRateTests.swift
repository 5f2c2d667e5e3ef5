import Foundation
import MachinePeak
import Testing

/// Tests which rates exist and how they combine, not their values, which depend on the machine and its load.
@Suite("Peak rates") struct PeakRateTests {
  /// The processor's instruction sets as the system names them; nil where it has no such list.
  private static let flags: Set<Substring>? = {
    let lines = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: "\n")
    return lines?.first { $0.hasPrefix("flags") }.map { Set($0.split(separator: " ")) }
  }()

  @Test("A rate exists exactly for the instructions that the system lists", .enabled(if: flags != nil))
  func kinds() throws {
    let flags = try #require(Self.flags)
    let peak = PeakRate(threads: 1)
    #expect((peak[.fp32] != nil) == (flags.contains("avx512f") || flags.isSuperset(of: ["avx2", "fma"])))
    #expect((peak[.bf16] != nil) == flags.contains("avx512_bf16"))
    for kind in [PeakRate.Kind.int8, .int16] { #expect((peak[kind] != nil) == flags.contains("avx2")) }
    // The system may refuse tiles that the processor has.
    let hasTiles = flags.isSuperset(of: ["amx_tile", "amx_int8", "amx_bf16"])
    for kind in [PeakRate.Kind.int8Tiles, .bf16Tiles] { #expect(peak[kind] == nil || hasTiles) }
  }

  @Test("The kinds do not depend on the number of threads")
  func threads() throws {
    let (one, two) = (PeakRate(threads: 1), PeakRate(threads: 2))
    for kind in PeakRate.Kind.allCases { #expect((one[kind] == nil) == (two[kind] == nil)) }
  }

  @Test("Tiles determine the peak of 8 and 16 bits and of BF16; FP32 has none")
  func tiles() {
    let vectors = PeakRate([.fp32: 1, .bf16: 2, .int8: 4, .int16: 2])
    #expect([vectors.fp32, vectors.bf16, vectors.int8, vectors.int16] == [1, 2, 4, 2])
    let all = vectors.best(with: PeakRate([.bf16Tiles: 20, .int8Tiles: 40]))
    #expect([all.fp32, all.bf16, all.int8, all.int16] == [1, 20, 40, 20])
    #expect(PeakRate([:]).int16 == nil)
  }

  @Test("Of two measurements the higher rate counts, kind by kind")
  func best() {
    let merged = PeakRate([.fp32: 3, .int8: 5]).best(with: PeakRate([.fp32: 2, .int8: 6, .bf16: 1]))
    #expect(merged == PeakRate([.fp32: 3, .int8: 6, .bf16: 1]))
  }
}
