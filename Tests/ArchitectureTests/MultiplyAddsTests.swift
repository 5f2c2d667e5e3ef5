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

  /// Rows, inputs and outputs of each product, and tokens per query twice for attention.
  private func sum(_ products: [(Int, Int, Int)]) -> Int { products.reduce(0) { $0 + $1.0 * $1.1 * $1.2 } }

  @Test("Of the last block of a transformer, only keys and values are computed for all tokens")
  func computedText() {
    let text = TextTower(
      contextLength: 7, vocabularySize: 100,
      stack: TransformerStack(
        width: 4, layers: 2, heads: 2, mlpWidth: 12, activation: .quickGELU, epsilon: 1e-5),
      pooling: .highestID, projection: 5)
    let complete = [(7, 4, 12), (7, 7, 4), (7, 7, 4), (7, 4, 4), (7, 4, 12), (7, 12, 4)]
    let last = [(7, 4, 8), (1, 4, 4), (1, 7, 4), (1, 7, 4), (1, 4, 4), (1, 4, 12), (1, 12, 4)]
    #expect(text.multiplyAdds == sum(complete + complete + [(1, 4, 5)]))
    #expect(text.computedMultiplyAdds == sum(complete + last + [(1, 4, 5)]))
  }

  @Test("A Vision Transformer skips the same, and attention pooling computes no keys and values")
  func computedImages() throws {
    let vit = try #require(ParameterSchemaTests.vitB32.image)
    // 49 tokens of width 768: query, out-projection, both layers of the MLP, and attention over 50 tokens.
    #expect(
      vit.multiplyAdds - vit.computedMultiplyAdds == 49 * (2 * 768 * 768 + 2 * 768 * 3072 + 2 * 50 * 768))
    let resNet = try #require(ParameterSchemaTests.rn50.image)
    let original = sum([(50, 2048, 2048), (50, 2048, 2048), (1, 50, 2048), (1, 50, 2048)])
    // Of 32 heads: the query through 64 rows of the matrix, a score per token, a mean, 64 rows of the other matrix.
    let computed = 32 * sum([(1, 64, 2048), (1, 2048, 50), (1, 50, 2048), (1, 2048, 64)])
    #expect(resNet.multiplyAdds - resNet.computedMultiplyAdds == original - computed)
  }

  @Test("The operations of a text equal PyTorch's count plus attention, exactly")
  func texts() throws {
    let counted = 5_813_829_632
    // 12 blocks of 2 products of 77 × 77 × 512.
    let attention = 2 * 12 * 2 * 77 * 77 * 512
    #expect(2 * ParameterSchemaTests.text.multiplyAdds == counted + attention)
  }
}
