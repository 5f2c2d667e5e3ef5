import Architecture
import BundleFormat
import Testing

/// Compares the definitions of docs/BUNDLE.md with values computed from that page in Python.
@Suite("Definitions of the bundle") struct DefinitionsTests {
  @Test("The self-test's pixels equal the page's")
  func theSelfTestsPixelsAreThoseOfThePage() {
    #expect(
      (0..<4).map { SelfTestInput.pixel($0) } == [
        1.533243179321289, 0.26624608039855957, 0.3647587299346924, -1.546198844909668,
      ])
    #expect((0..<100_000).allSatisfy { (-2..<2).contains(SelfTestInput.pixel($0)) })
  }

  private func tower(vocabulary: Int, context: Int, pooling: TextPooling) -> TextTower {
    let stack = TransformerStack(
      width: 8, layers: 1, heads: 1, mlpWidth: 8, activation: .gelu, epsilon: 1e-5)
    return TextTower(
      contextLength: context, vocabularySize: vocabulary, stack: stack, pooling: pooling, projection: nil)
  }

  @Test("The self-test's ids equal the page's")
  func theSelfTestsIdsAreThoseOfThePage() {
    #expect(
      SelfTestInput.ids(tower(vocabulary: 49_408, context: 77, pooling: .highestID)) == [
        49406, 23373, 29610, 42572, 17915, 7948, 46173, 6723, 4063, 42026, 29196, 36413, 33277, 27172, 8327,
        49407,
      ])
    #expect(
      SelfTestInput.ids(tower(vocabulary: 61, context: 9, pooling: .highestID)) == [
        59, 37, 23, 53, 36, 38, 40, 29, 60,
      ])
    #expect(
      SelfTestInput.ids(tower(vocabulary: 100, context: 77, pooling: .firstID(5))) == [
        98, 7, 42, 54, 9, 38, 15, 87, 87, 82, 20, 69, 83, 68, 81, 5,
      ])
  }

  @Test("The preprocessing id equals the page's")
  func thePreprocessingIdIsThatOfThePage() {
    let id = Identity.preprocessing(.openAI)
    #expect(
      String(decoding: id.hex, as: UTF8.self)
        == "aceae8d2bdf5235b59ae5d115b69c27c707d6d80d2d5cdff453f795afa1a4d96")
  }

  @Test("A field added later enters an id only if it has a value")
  func anAdditionEntersTheIdWhereItHasAValue() {
    var preprocessing = Preprocessing.openAI
    (preprocessing.crop, preprocessing.conversion, preprocessing.resizeEdge) = (.down, .beforeResize, 256)
    let id = Identity.preprocessing(preprocessing)
    #expect(
      String(decoding: id.hex, as: UTF8.self)
        == "b8a6f2bd4f41911ff4e93cfb14d3f8d8aea79127a4fdc384d8592ffd458b4563")
  }

  @Test("A digest does not depend on how the bytes are divided")
  func aDigestIsThatOfItsBytesHoweverTheyArrive() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    var whole = DigestStream()
    whole.update(bytes)
    var pieces = DigestStream()
    for start in stride(from: 0, to: 1000, by: 77) {
      pieces.update(Array(bytes[start..<min(start + 77, 1000)]))
    }
    #expect(whole.finish() == pieces.finish())
  }
}

@Suite("Headers of bundles") struct HeaderTests {
  static let vision = CLIPArchitecture(
    image: .visionTransformer(
      imageSize: 8, patchSize: 4,
      stack: TransformerStack(
        width: 16, layers: 1, heads: 2, mlpWidth: 16, activation: .quickGELU, epsilon: 1e-5),
      projection: 4),
    text: nil)

  private func encoded(_ description: BundleDescription) throws -> [UInt8] {
    let layout = BundleLayout(description)
    let digests = [Digest](repeating: .zero, count: layout.tensors.count)
    return try HeaderEncoder.encode(description, layout, digests: digests)
  }

  private func description() -> BundleDescription {
    var description = BundleDescription()
    description.architecture = Self.vision
    return description
  }

  @Test("Every byte of a text field survives a round trip")
  func everyByteOfATextComesBack() throws {
    var description = description()
    description.model = (0...255).map { UInt8($0) }
    let header = try encoded(description)
    #expect(header[8...].allSatisfy { $0 < 0x80 })
    #expect(header.count % 64 == 0)
    #expect(try opened(description).model == description.model)
  }

  @Test(
    "Every choice of preprocessing survives a round trip, and different choices have different ids")
  func preprocessing() throws {
    var late = Preprocessing.openAI
    (late.conversion, late.interpolation) = (.beforeResize, .bilinear)
    var edge = late
    edge.resizeEdge = 10
    var backend = late
    backend.backend = .torchvision
    var exactBackend = late
    exactBackend.backend = .torchvisionFloat
    var white = late
    white.alpha = .white
    var ids: Set<Digest> = []
    for (preprocessing, field) in [
      (late, #""preprocess.resize_edge":"none","preprocess.backend":"pillow","preprocess.alpha":"drop""#),
      (edge, #""preprocess.resize_edge":"10""#), (backend, #""preprocess.backend":"torchvision""#),
      (exactBackend, #""preprocess.backend":"torchvision_float""#), (white, #""preprocess.alpha":"white""#),
    ] {
      var description = description()
      description.preprocessing = preprocessing
      #expect(try String(decoding: encoded(description), as: UTF8.self).contains(field))
      let read = try opened(description).preprocessing
      #expect(read.resizeEdge == preprocessing.resizeEdge && read.backend == preprocessing.backend)
      #expect(read.alpha == preprocessing.alpha)
      ids.insert(Identity.preprocessing(preprocessing))
    }
    #expect(ids.count == 5)
  }

  /// The description that a reader gets from the header and the few tensors that it reads.
  private func opened(_ description: BundleDescription) throws -> BundleDescription {
    let header = try encoded(description)
    let layout = BundleLayout(description)
    var file = header + [UInt8](repeating: 0, count: layout.byteCount)
    // Opening requires a positive epsilon and standard deviation.
    for tensor in layout.tensors where tensor.name == ParameterName("image.epsilon") {
      file[header.count + tensor.byteOffset + 3] = 0x3F
    }
    for tensor in layout.tensors where tensor.name == ParameterName("preprocess.std") {
      for channel in 0..<3 { file[header.count + tensor.byteOffset + 4 * channel + 3] = 0x3F }
    }
    return try BundleHeader(file: file.span.bytes).description
  }

  @Test("Contradictory fields are not written")
  func whatDoesNotFitTogetherIsNotWritten() throws {
    var heads = description()
    heads.architecture.image?.heads = 3
    var fidelity = description()
    fidelity.fidelity.imageFast = 999_800
    var small = description()
    small.preprocessing.conversion = .beforeResize
    small.preprocessing.resizeEdge = 8
    var late = description()
    late.preprocessing.resizeEdge = 10
    var tensors = description()
    tensors.preprocessing.backend = .torchvision
    var white = description()
    white.preprocessing.alpha = .white
    var cubic = description()
    (cubic.preprocessing.conversion, cubic.preprocessing.backend) = (.beforeResize, .torchvisionFloat)
    for wrong in [heads, fidelity, small, late, tensors, white, cubic] {
      let fault = #expect(throws: BundleFault.self) { try encoded(wrong) }
      #expect(fault?.rule == .fieldsConsistent)
    }
  }

  /// The largest matrices that the format allows, with any int8 weights. One size larger is an error.
  @Test("No sum of int8 products overflows 32 bits")
  func noSumOfInt8ProductsLeaves32Bits() throws {
    let stack = TransformerStack(
      width: 16_384, layers: 1, heads: 1, mlpWidth: 65_536, activation: .gelu, epsilon: 1e-5)
    func vision(patchSize: Int) -> ImageTower {
      .visionTransformer(imageSize: 256, patchSize: patchSize, stack: stack, projection: 16_384)
    }
    func resNet(width: Int) -> ImageTower {
      .modifiedResNet(
        imageSize: 32, width: width, blocks: .init(1, 1, 1, 1), heads: 1, projection: 16_384, epsilon: 1e-5)
    }
    try expectWithin32Bits(vision(patchSize: 128), largestActivation: 127)
    try expectWithin32Bits(resNet(width: 512), largestActivation: 255)
    for tower in [vision(patchSize: 129), resNet(width: 514)] {
      var description = description()
      description.architecture.image = tower
      let fault = #expect(throws: BundleFault.self) { try encoded(description) }
      #expect(fault?.rule == .fieldValue)
    }
  }

  private func expectWithin32Bits(_ tower: ImageTower, largestActivation: Int) throws {
    var description = description()
    description.architecture.image = tower
    _ = try encoded(description)
    let matrices = ParameterSchema(description.architecture).parameters.compactMap { WeightMatrix($0) }
    let inputs = try #require(matrices.map(\.inputs).max())
    #expect(largestActivation * 128 * inputs <= Int(Int32.max), "\(inputs) inputs")
  }

  @Test("A required fidelity is stored with its probes")
  func aDemandedFidelityComesWithItsProbes() throws {
    var description = description()
    description.fidelity.probes = Array("probes-1".utf8)
    description.fidelity.imageFast = 999_800
    let text = String(decoding: try encoded(description), as: UTF8.self)
    #expect(text.contains("\"fidelity.probes\":\"probes-1\",\"fidelity.image.fast\":\"999800\""))
  }
}
