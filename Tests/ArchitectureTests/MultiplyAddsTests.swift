import Architecture
import Testing

@Suite("Multiply-adds of a model") struct MultiplyAddsTests {
  /// Operations counted by PyTorch's FlopCounterMode on the original code, two per multiply-add. They do not include
  /// attention, which runs there as one fused operation. Attention is at most 1.5 % of these models at their sizes.
  static let counted: [(architecture: CLIPArchitecture, operations: Double)] = [
    (ParameterSchemaTests.vitB32, 8_725_463_040), (ParameterSchemaTests.rn50, 11_585_896_448),
  ]

  @Test("The operations of an image equal PyTorch's count plus attention", arguments: counted)
  func images(_ architecture: CLIPArchitecture, _ operations: Double) throws {
    let image = try #require(architecture.image)
    let ratio = 2 * Double(image.multiplyAdds) / operations
    #expect(ratio >= 1 && ratio < 1.015)
  }

  @Test("The operations of a text equal PyTorch's count plus attention, exactly")
  func texts() throws {
    let counted = 5_813_829_632
    // 12 blocks of 2 products of 77 × 77 × 512.
    let attention = 2 * 12 * 2 * 77 * 77 * 512
    #expect(2 * ParameterSchemaTests.text.multiplyAdds == counted + attention)
  }
}
