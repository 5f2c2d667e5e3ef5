import MachinePeak
import Testing

/// Tests the rule with figures of real machines, independent of this machine.
@Suite("Warning about BF16") struct BF16WarningTests {
  private let intel = PeakRate([.fp32: 165e9, .bf16: 80e9, .int8: 640e9])
  private let withTiles = PeakRate([.fp32: 165e9, .bf16: 80e9, .bf16Tiles: 2300e9])

  @Test("A BF16 peak below FP32's is a warning with both figures, as on an Intel server")
  func slower() throws {
    let warning = try #require(intel.bf16Warning(usesTiles: false))
    #expect(warning.contains("80 billion operations a second in BF16 and 165 in FP32"), "\(warning)")
  }

  @Test("AMX makes BF16 fast only for kernels that use it")
  func tiles() {
    #expect(withTiles.bf16Warning(usesTiles: true) == nil)
    #expect(withTiles.bf16Warning(usesTiles: false) == intel.bf16Warning(usesTiles: false))
  }

  @Test("A BF16 peak above FP32's, as on AMD Zen 4, or equal to it, gives no warning")
  func faster() {
    #expect(PeakRate([.fp32: 118e9, .bf16: 236e9, .int8: 472e9]).bf16Warning(usesTiles: false) == nil)
    #expect(PeakRate([.fp32: 118e9, .bf16: 118e9]).bf16Warning(usesTiles: false) == nil)
  }

  @Test("Without both peaks there is no warning")
  func unknown() {
    #expect(PeakRate([.fp32: 60e9, .int8: 120e9]).bf16Warning(usesTiles: false) == nil)
    #expect(PeakRate([.bf16: 80e9]).bf16Warning(usesTiles: true) == nil)
  }
}
