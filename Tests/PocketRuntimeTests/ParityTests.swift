import CPocketCLIP
import Testing

/// For unit vectors of 24 values. FP32 sums of at most a few thousand terms in another order than float64's: measured
/// 2.6e-7. The design's bound is 1e-5.
private let floatTolerance = 1e-6
/// int8 weights and activations of such narrow networks, without equalization: measured 0.99965.
private let fastCosine = 0.9995
/// int8 weights and 16-bit activations: measured 0.99983.
private let exactCosine = 0.9998

/// A bundle, an arithmetic and an instruction set.
private let configurations = bundles.flatMap { bundle in
  [PCLIP_ARITHMETIC_FAST, PCLIP_ARITHMETIC_EXACT].flatMap { arithmetic in
    machineISAs.map { Configuration(bundle: bundle, arithmetic: arithmetic, isa: $0) }
  }
}

@Suite("Runtime against the reference") struct ParityTests {
  @Test("Images equal OpenAI's float64 forward pass", arguments: configurations)
  func images(_ configuration: Configuration) throws {
    let bundle = try OpenedBundle(configuration)
    let family = configuration.bundle.split(separator: "-")[0]
    let golden = try GeneratedInputs.golden("\(family)-images", width: Int(bundle.info.image_output))
    let pixels = GeneratedInputs.pixels(count: golden.count * bundle.pixelCount)
    expectEqual(try bundle.encode(pixels: pixels), golden, configuration)
  }

  @Test("Texts of every length equal OpenAI's float64 forward pass", arguments: configurations)
  func texts(_ configuration: Configuration) throws {
    let bundle = try OpenedBundle(configuration)
    let family = configuration.bundle.split(separator: "-")[0]
    let golden = try GeneratedInputs.golden("\(family)-texts", width: Int(bundle.info.text_output))
    let ids = GeneratedInputs.texts(context: bundle.context, vocabulary: Int(bundle.info.vocabulary_size))
    expectEqual(try bundle.encode(ids: ids), golden, configuration)
  }

  private func expectEqual(_ vectors: [[Float]], _ golden: [[Double]], _ configuration: Configuration) {
    #expect(vectors.count == golden.count)
    for (vector, truth) in zip(vectors, golden) {
      if configuration.bundle.hasSuffix("int8") || configuration.bundle.hasSuffix("mixed") {
        let cosine = zip(vector, truth).reduce(0) { $0 + Double($1.0) * $1.1 }
        #expect(cosine >= (configuration.arithmetic == PCLIP_ARITHMETIC_FAST ? fastCosine : exactCosine))
      } else {
        let error = zip(vector, truth).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(error <= floatTolerance)
      }
    }
  }
}
