import CPocketCLIP
import PocketRuntime
import Testing

@Suite("Items of a batch") struct ItemTests {
  @Test("Only the bad text fails: its vector is zero, its status has the reason, the others keep their bits")
  func badText() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-int8"))
    var ids = GeneratedInputs.texts(context: bundle.context, vocabulary: Int(bundle.info.vocabulary_size))
    let expected = try bundle.encode(ids: ids)
    ids[3][1] = bundle.info.vocabulary_size
    ids[5][0] = -1
    var out = [Float](repeating: .nan, count: ids.count * 24)
    var statuses = [Int32](repeating: -1, count: ids.count)
    let flat = ids.flatMap { $0 }
    try call { pclip_encode_ids(bundle.session, flat, ids.count, 0, &out, out.count, &statuses, $0) }
    for (index, vector) in bundle.rows(out, ids.count).enumerated() {
      let isBad = index == 3 || index == 5
      #expect(statuses[index] == (isBad ? Int32(PCLIP_E_TOKENS) : 0))
      #expect(vector == (isBad ? [Float](repeating: 0, count: 24) : expected[index]))
    }
    let error = refusal { pclip_encode_ids(bundle.session, flat, ids.count, 0, &out, out.count, nil, $0) }
    #expect(error?.message == "item 3: id 71 at position 1, expected 0 to 70")
  }

  @Test("A pixel that is not finite only fails its own image", arguments: families)
  func notFinite(family: String) throws {
    let bundle = try OpenedBundle(Configuration(bundle: "\(family)-int8"))
    var pixels = GeneratedInputs.pixels(count: 3 * bundle.pixelCount)
    let expected = try bundle.encode(pixels: pixels)
    pixels[bundle.pixelCount + 7] = .nan
    var out = [Float](repeating: .nan, count: 3 * 24)
    var statuses = [Int32](repeating: -1, count: 3)
    try call { pclip_encode_pixels(bundle.session, pixels, 3, 0, &out, out.count, &statuses, $0) }
    #expect(statuses == [0, Int32(PCLIP_E_NOT_FINITE), 0])
    #expect(bundle.rows(out, 3) == [expected[0], [Float](repeating: 0, count: 24), expected[2]])
  }

  @Test("Images that are empty, too large or without pixels fail separately with a reason")
  func badImages() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    let bytes = (0..<3 * 40 * 50).map { UInt8(truncatingIfNeeded: 37 &* $0) }
    var out = [Float](repeating: .nan, count: 5 * 24)
    var statuses = [Int32](repeating: -1, count: 5)
    try bytes.withUnsafeBufferPointer { pixels in
      let good = pclip_image(pixels: pixels.baseAddress, width: 40, height: 50, stride: 0)
      let images = [
        good, pclip_image(pixels: pixels.baseAddress, width: 0, height: 50, stride: 0),
        pclip_image(pixels: pixels.baseAddress, width: 20_000, height: 1, stride: 0),
        pclip_image(pixels: nil, width: 40, height: 50, stride: 0),
        pclip_image(pixels: pixels.baseAddress, width: 40, height: 50, stride: 119),
      ]
      try call { pclip_encode_image(bundle.session, images, 5, 0, &out, out.count, &statuses, $0) }
      let error = refusal { pclip_encode_image(bundle.session, [images[2]], 1, 0, &out, 24, nil, $0) }
      #expect(error?.message == "item 0: 20000 x 1 pixels, the session's limits are 16384 x 16384")
    }
    let size = Int32(PCLIP_E_IMAGE_SIZE)
    #expect(statuses == [0, size, size, Int32(PCLIP_E_ARGUMENT), Int32(PCLIP_E_ARGUMENT)])
  }

  @Test("Encoding an image equals preprocessing it and encoding the pixels")
  func preprocessing() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "resnet-fp32"))
    let bytes = (0..<3 * 91 * 70).map { UInt8(truncatingIfNeeded: 37 &* $0) }
    var pixels = [Float](repeating: .nan, count: bundle.pixelCount)
    var direct = [Float](repeating: .nan, count: 24)
    try bytes.withUnsafeBufferPointer { buffer in
      var image = pclip_image(pixels: buffer.baseAddress, width: 91, height: 70, stride: 0)
      try call { pclip_preprocess(bundle.session, &image, &pixels, pixels.count, $0) }
      try call { pclip_encode_image(bundle.session, &image, 1, 0, &direct, 24, nil, $0) }
    }
    #expect(try bundle.encode(pixels: pixels) == [direct])
  }

  @Test("Raw vectors have the direction of unit vectors")
  func raw() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    let pixels = GeneratedInputs.pixels(count: bundle.pixelCount)
    let unit = try bundle.encode(pixels: pixels)[0]
    let raw = try bundle.encode(pixels: pixels, flags: UInt32(PCLIP_RAW))[0]
    let norm = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(norm - 1) > 1e-3)
    for (a, b) in zip(unit, raw) { #expect(abs(a - b / norm) < 1e-6) }
  }

  @Test("A missing tokenizer is an error with advice")
  func noTokenizer() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    var ids = [Int32](repeating: 0, count: bundle.context)
    let text = pclip_text(bytes: nil, count: 0)
    let error = refusal {
      pclip_tokenize(bundle.session, text, &ids, ids.count, nil, nil, $0)
    }
    #expect(error?.code == PCLIP_E_NO_TOWER)
    #expect(error?.message == "the bundle has no tokenizer; encode ids instead")
  }

  @Test("Similarity is the dot product, softmax sums to one")
  func comparing() throws {
    var scores = [Float](repeating: 0, count: 2)
    try call { pclip_similarity([1, 0, 0], 1, [0.5, 1, 0, 0, 0, 1], 2, 3, &scores, $0) }
    #expect(scores == [0.5, 0])
    try call { pclip_softmax(&scores, 1, 2, 100, $0) }
    #expect(scores[0] > 0.999 && abs(scores[0] + scores[1] - 1) < 1e-6)
    #expect(refusal { pclip_similarity([1], 1, [1], 1, 0, &scores, $0) }?.code == PCLIP_E_ARGUMENT)
  }

  @Test("An observer receives every stage in order, named as in golden files")
  func observer() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    var names: [String] = []
    Session.of(bundle.session).observer = { stage, values in names.append("\(stage.name) \(values.rows)") }
    _ = try bundle.encode(pixels: GeneratedInputs.pixels(count: bundle.pixelCount))
    #expect(
      names == [
        "visual.ln_pre 17", "visual.transformer.resblocks.0 17", "visual.transformer.resblocks.1 17",
        "visual.transformer.resblocks.2 1", "visual.ln_post 1",
      ])
  }
}
