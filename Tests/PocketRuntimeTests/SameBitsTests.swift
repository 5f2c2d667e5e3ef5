import CPocketCLIP
import Testing

/// Forks and affinity limits need processes of their own: Scripts/check-runtime.sh.
@Suite struct SameBitsTests {
  private static let configurations = bundles.flatMap { bundle in
    machineISAs.map { Configuration(bundle: bundle, isa: $0) }
  }

  @Test("A vector depends on neither batch, order, neighbours nor threads", arguments: configurations)
  func anyBatchAnyThreads(_ configuration: Configuration) throws {
    var single = configuration
    single.threads = 1
    let reference = try OpenedBundle(single)
    let texts = GeneratedInputs.texts(
      context: reference.context, vocabulary: Int(reference.info.vocabulary_size))
    let pixels = GeneratedInputs.pixels(count: 5 * reference.pixelCount)
    let pictures = (0..<5).map { Array(pixels[$0 * reference.pixelCount..<($0 + 1) * reference.pixelCount]) }
    let expectedTexts = try texts.map { try reference.encode(ids: [$0])[0] }
    let expectedPictures = try pictures.map { try reference.encode(pixels: $0)[0] }
    for (threads, maxBatch) in [(1, 16), (2, 3), (2, 16)] as [(Int32, Int32)] {
      var other = configuration
      (other.threads, other.maxBatch) = (threads, maxBatch)
      let bundle = try OpenedBundle(other)
      #expect(try bundle.encode(ids: texts.reversed()) == expectedTexts.reversed())
      #expect(try bundle.encode(pixels: pictures.reversed().flatMap { $0 }) == expectedPictures.reversed())
    }
  }

  @Test("FP16 weights that are exact give the bits of FP32", arguments: families)
  func precisionsAgree(family: String) throws {
    let half = try OpenedBundle(Configuration(bundle: "\(family)-fp16"))
    let full = try OpenedBundle(Configuration(bundle: "\(family)-fp32"))
    let pixels = GeneratedInputs.pixels(count: full.pixelCount)
    #expect(try half.encode(pixels: pixels) == full.encode(pixels: pixels))
  }

  @Test("Ids after end-of-text may be anything")
  func paddingIsIgnored() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-int8"))
    var texts = GeneratedInputs.texts(context: bundle.context, vocabulary: Int(bundle.info.vocabulary_size))
    let expected = try bundle.encode(ids: texts)
    for (index, length) in zip(texts.indices, 2...) {
      for position in length..<bundle.context { texts[index][position] = Int32.max - Int32(position) }
    }
    #expect(try bundle.encode(ids: texts) == expected)
  }

  @Test("Memory, misaligned memory, a copy and a mapping give the same vectors")
  func waysToOpen() throws {
    let configuration = Configuration(bundle: "resnet-int8")
    let mapped = try OpenedBundle(configuration)
    let pixels = GeneratedInputs.pixels(count: mapped.pixelCount)
    let expected = try mapped.encode(pixels: pixels)
    let data = try bundleBytes("resnet-int8")
    #expect(try OpenedBundle(configuration, bytes: data).encode(pixels: pixels) == expected)
    #expect(try OpenedBundle(configuration, bytes: data, misalignment: 1).encode(pixels: pixels) == expected)
    var copied = configuration
    copied.copies = true
    #expect(try OpenedBundle(copied).encode(pixels: pixels) == expected)
  }
}
