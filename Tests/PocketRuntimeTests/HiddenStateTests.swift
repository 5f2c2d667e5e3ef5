import CPocketCLIP
import Testing

/// Values of order 1 after a LayerNorm, FP32 compared with float64: measured 1e-6; GELU's erf is within 1.5e-7.
private let hiddenTolerance = 4e-6

/// Towers without projections, with GELU and its tanh form, pooled at an id that is not the highest.
@Suite("Hidden states") struct HiddenStateTests {
  @Test("A tower without projection outputs OpenAI's hidden state, including GELU", arguments: machineISAs)
  func image(isa: String) throws {
    let bundle = try OpenedBundle(Configuration(bundle: "hidden-fp32", isa: isa))
    #expect(bundle.info.image_projected == 0 && bundle.info.embedding_dim == 0)
    let pixels = GeneratedInputs.pixels(count: bundle.pixelCount)
    let vector = try bundle.encode(pixels: pixels, flags: UInt32(PCLIP_RAW))[0]
    let golden = try GeneratedInputs.golden("hidden-images", width: 32)[0]
    #expect(zip(vector, golden).allSatisfy { abs(Double($0) - $1) <= hiddenTolerance })
  }

  @Test("A text is pooled at the first occurrence of the tower's id", arguments: machineISAs)
  func text(isa: String) throws {
    let golden = try GeneratedInputs.golden("hidden-texts", width: 20)[0]
    for name in ["hidden-fp32", "hidden-text-fp32"] {
      let bundle = try OpenedBundle(Configuration(bundle: name, isa: isa))
      let vector = try bundle.encode(ids: [[48, 3, 7, 49, 7, 1, 2, 3, 4]], flags: UInt32(PCLIP_RAW))[0]
      #expect(zip(vector, golden).allSatisfy { abs(Double($0) - $1) <= hiddenTolerance })
    }
  }

  @Test("Only the text without the tower's pooled id fails")
  func pooledIDMissing() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "hidden-text-fp32"))
    let error = #expect(throws: Refusal.self) { try bundle.encode(ids: [[48, 3, 49, 1, 1, 1, 1, 1, 1]]) }
    #expect(error?.message == "item 0: id 7, at which the tower pools, is missing")
  }

  @Test("An image for a text-only bundle is an error that names the image tower")
  func noImageTower() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "hidden-text-fp32"))
    #expect(bundle.info.has_image == 0)
    var out: [Float] = [0]
    let error = refusal { pclip_encode_pixels(bundle.session, [0], 1, 0, &out, 1, nil, $0) }
    #expect(
      error == Refusal(code: Int(PCLIP_E_NO_TOWER), offset: 0, message: "the bundle has no image tower"))
  }
}
