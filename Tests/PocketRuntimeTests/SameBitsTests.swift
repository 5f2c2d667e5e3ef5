import CPocketCLIP
import Foundation
import Synchronization
import Testing

/// Forks and affinity limits need separate processes: Scripts/check/check-runtime.sh.
@Suite("Same bits for any batch") struct SameBitsTests {
  private static let configurations =
    bundles.flatMap { bundle in
      machineISAs.map { Configuration(bundle: bundle, isa: $0) }
    } + bf16Bundles

  @Test("A vector does not depend on batch, order, neighbours or threads", arguments: configurations)
  func anyBatchAnyThreads(_ configuration: Configuration) throws {
    var single = configuration
    single.threads = 1
    let reference = try OpenedBundle(single)
    let texts = GeneratedInputs.texts(
      context: reference.context, vocabulary: Int(reference.info.vocabulary_size))
    let pixels = GeneratedInputs.pixels(count: 5 * reference.pixelCount)
    let images = (0..<5).map { Array(pixels[$0 * reference.pixelCount..<($0 + 1) * reference.pixelCount]) }
    let expectedTexts = try texts.map { try reference.encode(ids: [$0])[0] }
    let expectedImages = try images.map { try reference.encode(pixels: $0)[0] }
    for (threads, maxBatch) in [(1, 16), (2, 3), (2, 16)] as [(Int32, Int32)] {
      var other = configuration
      (other.threads, other.maxBatch) = (threads, maxBatch)
      let bundle = try OpenedBundle(other)
      #expect(try bundle.encode(ids: texts.reversed()) == expectedTexts.reversed())
      #expect(try bundle.encode(pixels: images.reversed().flatMap { $0 }) == expectedImages.reversed())
    }
  }

  /// Several hundred rows: each thread encodes its own texts, unless one part would be larger.
  @Test("Texts have the same bits if each thread encodes some of them", arguments: configurations)
  func dividedTexts(_ configuration: Configuration) throws {
    var (single, divided) = (configuration, configuration)
    single.threads = 1
    (divided.threads, divided.maxBatch) = (2, 64)
    let (reference, bundle) = try (OpenedBundle(single), OpenedBundle(divided))
    let texts = GeneratedInputs.texts(
      context: reference.context, vocabulary: Int(reference.info.vocabulary_size))
    let expected = try texts.map { try reference.encode(ids: [$0])[0] }
    for order in [Array(texts.indices), texts.indices.reversed(), texts.indices.map { $0 / 2 }] {
      let many = (0..<24).flatMap { _ in order }
      #expect(try bundle.encode(ids: many.map { texts[$0] }) == many.map { expected[$0] })
    }
  }

  /// `convert` computes self-tests with them.
  @Test(
    "SSE4.1 gives the bits of the scalar kernels", .enabled(if: machineISAs.contains("sse41")),
    arguments: bundles,
    [PCLIP_ARITHMETIC_FAST, PCLIP_ARITHMETIC_EXACT])
  func scalarBits(bundle: String, arithmetic: Int) throws {
    let (scalar, sse41) = try (
      OpenedBundle(Configuration(bundle: bundle, arithmetic: arithmetic, isa: "scalar")),
      OpenedBundle(Configuration(bundle: bundle, arithmetic: arithmetic, isa: "sse41"))
    )
    let texts = GeneratedInputs.texts(context: scalar.context, vocabulary: Int(scalar.info.vocabulary_size))
    let pixels = GeneratedInputs.pixels(count: 2 * scalar.pixelCount)
    #expect(try scalar.encode(ids: texts) == sse41.encode(ids: texts))
    #expect(try scalar.encode(pixels: pixels) == sse41.encode(pixels: pixels))
  }

  @Test("Sessions of one model on several threads at once give the same vectors", arguments: bundles)
  func concurrentSessions(name: String) throws {
    let bundle = try OpenedBundle(Configuration(bundle: name))
    let pixels = GeneratedInputs.pixels(count: bundle.pixelCount)
    let expected = try bundle.encode(pixels: pixels)[0]
    let model = UInt(bitPattern: bundle.model)
    let equalCount = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      var session: OpaquePointer?
      var vector = [Float](repeating: .nan, count: expected.count)
      guard pclip_session_create(OpaquePointer(bitPattern: model), nil, &session, nil) == PCLIP_OK else {
        return
      }
      for _ in 0..<5 {
        let code = pclip_encode_pixels(session, pixels, 1, 0, &vector, vector.count, nil, nil)
        if code == PCLIP_OK, vector == expected { equalCount.add(1, ordering: .relaxed) }
      }
      pclip_session_destroy(session)
    }
    #expect(equalCount.load(ordering: .relaxed) == 40)
  }

  @Test("Exact FP16 weights give the same bits as FP32", arguments: families)
  func precisionsAgree(family: String) throws {
    let half = try OpenedBundle(Configuration(bundle: "\(family)-fp16"))
    let full = try OpenedBundle(Configuration(bundle: "\(family)-fp32"))
    let pixels = GeneratedInputs.pixels(count: full.pixelCount)
    #expect(try half.encode(pixels: pixels) == full.encode(pixels: pixels))
  }

  @Test("Ids after end-of-text are ignored")
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
