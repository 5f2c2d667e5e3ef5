import Architecture
import BundleFormat
import BundleWriter
import Quantization
import TestSupport
import Testing

@Suite("Written bundles") struct BundleWriterTests {
  @Test("Written bundles satisfy every rule of the format", arguments: SmallModels.all, Precision.allCases)
  func everyRuleHoldsInWhatIsWritten(architecture: CLIPArchitecture, precision: Precision) throws {
    let folder = try TemporaryFolder()
    let bytes = try writtenBundle(architecture, precision, in: folder)
    let header = try BundleHeader(file: bytes.span.bytes)
    try header.checkContent(of: bytes.span.bytes)
    #expect(header.description.architecture == architecture)
    #expect(header.tensors.allSatisfy { $0.byteOffset % 64 == 0 && $0.byteCount % 64 == 0 })
    #expect(header.description.model == Array("small \"model\" 100 %".utf8))
    #expect(header.description.provenance.file == Array("ü.pt".utf8))
    #expect(folder.names == ["model.pclip"])
  }

  @Test(
    "Bytes do not depend on threads, instruction set or file system", arguments: SmallModels.all,
    Precision.allCases)
  func bytesDependOnNeitherThreadsNorInstructionSetNorFileSystem(
    architecture: CLIPArchitecture, precision: Precision
  ) throws {
    let folder = try TemporaryFolder()
    let reference = try writtenBundle(architecture, precision, in: folder, name: "best.pclip")
    for kernels in InstructionSets.here.compactMap({ WeightKernels(isa: $0) }) {
      for threads in [1, 2] {
        for usesUnnamedFile in [true, false] {
          let bytes = try writtenBundle(architecture, precision, in: folder) { options in
            options.kernels = kernels
            options.threads = threads
            options.usesUnnamedFile = usesUnnamedFile
            options.replacesExisting = true
          }
          #expect(bytes == reference, "\(kernels.isa), \(threads) threads")
        }
      }
    }
  }

  @Test("Ids are those of the source for every precision")
  func idsAreThoseOfTheSourceWhateverIsWritten() throws {
    let folder = try TemporaryFolder()
    var ids: Set<[Digest?]> = []
    for precision in Precision.allCases {
      for tower in [nil, Tower.image, .text] {
        var request = SmallModels.request(SmallModels.vision, precision)
        if let tower {
          request.description.architecture = SmallModels.vision.keeping(
            image: tower == .image, text: tower == .text)
        }
        let unfinished = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
        ids.insert([unfinished.description.imageID, unfinished.description.textID])
      }
    }
    #expect(ids.count == 1)
    #expect(ids.first?.contains(nil) == false)
    #expect(folder.names.isEmpty)
  }

  @Test("Ids change with a weight and with the activation")
  func idsChangeWithAWeightAndWithTheActivation() throws {
    let folder = try TemporaryFolder()
    func ids(_ request: BundleRequest<RandomSource>) throws -> [Digest?] {
      let unfinished = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
      return [unfinished.description.imageID, unfinished.description.textID]
    }
    let original = SmallModels.request(SmallModels.vision, .fp16)
    var changed = original
    changed.source.overrides = [
      .init(name: ParameterName("visual.proj"), index: 3, value: 0.125)
    ]
    var relabelled = original
    relabelled.sourceArchitecture.text?.stack.activation = .geluTanh
    relabelled.description.architecture.text?.stack.activation = .geluTanh
    let (a, b, c) = (try ids(original), try ids(changed), try ids(relabelled))
    #expect(a[0] != b[0] && a[1] == b[1])
    #expect(a[0] == c[0] && a[1] != c[1])
  }

  @Test("Inherited ids are kept")
  func inheritedIdsAreKept() throws {
    let folder = try TemporaryFolder()
    var request = SmallModels.request(SmallModels.vision, .fp32)
    request.identity = .inherited
    request.description.imageID = OpenAIVocabulary.id
    let unfinished = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
    #expect(unfinished.description.imageID == OpenAIVocabulary.id)
    #expect(unfinished.description.textID == nil)
  }

  @Test("An unfinished bundle opens like a finished one")
  func unfinishedBundleOpensLikeAFinishedOne() throws {
    let folder = try TemporaryFolder()
    let unfinished = try BundleWriter.write(
      SmallModels.request(SmallModels.resNet, .int8), options: WriteOptions(path: folder.file("a.pclip")))
    let bytes = try fileBytes(unfinished.path)
    #expect(bytes.count == unfinished.byteCount)
    let header = try BundleHeader(file: bytes.span.bytes)
    try header.checkContent(of: bytes.span.bytes)
  }

  @Test("Finishing returns the bundle id and stores the self-test")
  func finishReturnsTheBundleIDAndStoresTheSelfTest() throws {
    let folder = try TemporaryFolder()
    let unfinished = try BundleWriter.write(
      SmallModels.request(SmallModels.vision, .int8), options: WriteOptions(path: folder.file("a.pclip")))
    let id = try unfinished.finish(SmallModels.selfTest(SmallModels.vision))
    let bytes = try fileBytes(folder.file("a.pclip"))
    let header = try BundleHeader(file: bytes.span.bytes)
    #expect(header.bundleID == id)
    let tensor = try #require(header.tensor(ParameterName("selftest.text")))
    let first = bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: tensor.byteOffset, as: Float.self)
    #expect(first == 0.25)
  }

  @Test("The bundle holds the tokenizer's merges")
  func tokenizerTravelsWithItsMerges() throws {
    let folder = try TemporaryFolder()
    let request = SmallModels.textWithTokenizer()
    let unfinished = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
    let bytes = try fileBytes(unfinished.path)
    let header = try BundleHeader(file: bytes.span.bytes)
    #expect(header.tensor(ParameterName("tokenizer.merges"))?.shape == [48_896, 2])
  }
}

@Suite("Weights that cannot be stored") struct RefusedWeightsTests {
  private func failure(
    _ precision: Precision, _ name: StaticString, index: Int, value: Float,
    architecture: CLIPArchitecture = SmallModels.vision
  ) throws -> QuantizationError? {
    let folder = try TemporaryFolder()
    var request = SmallModels.request(architecture, precision)
    request.source.overrides = [.init(name: ParameterName(name), index: index, value: value)]
    do throws(BundleWriteError<Never>) {
      _ = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
      return nil
    } catch {
      #expect(folder.names.isEmpty)
      guard case .weights(let problem) = error else { return nil }
      return problem
    }
  }

  /// A linear layer (canonical order is stored order), a transposed projection, a convolution, a table.
  @Test(
    "A weight too large for FP16 is an error with its tensor and element",
    arguments: [
      "visual.transformer.resblocks.1.mlp.c_fc.weight", "visual.proj", "visual.conv1.weight",
      "token_embedding.weight",
    ] as [StaticString])
  func tooLargeForFloat16NamesTensorAndElement(name: StaticString) throws {
    let expected = QuantizationError.overflowsFloat16(tensor: ParameterName(name), element: 77, value: 65_520)
    #expect(try failure(.fp16, name, index: 77, value: 65_520) == expected)
    #expect(try failure(.fp16, name, index: 77, value: 65_519) == nil)
    #expect(try failure(.int8, name, index: 77, value: 65_520) == nil)
  }

  @Test("An error of the source ends the writing and leaves nothing", arguments: Precision.allCases)
  func whatTheSourceRefusesIsRefused(precision: Precision) throws {
    for name: StaticString in [
      "visual.proj", "text_projection", "visual.ln_pre.bias", "logit_scale",
      "visual.transformer.resblocks.0.ln_1.bias",
    ] {
      let refused = ParameterName(name)
      let folder = try TemporaryFolder()
      let request = SmallModels.request(SmallModels.vision, precision, from: DamagedSource(damaged: refused))
      do throws(BundleWriteError<DamagedSource.Refusal>) {
        _ = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
        Issue.record("\(name) was written")
      } catch {
        guard case .source(let refusal) = error else { throw error }
        #expect(refusal.name == refused)
      }
      #expect(folder.names.isEmpty)
    }
  }

  @Test(
    "Each parameter is read once, including the four tensors of a BatchNorm",
    arguments: [Precision.fp32, .fp16])
  func fetchedOnce(precision: Precision) throws {
    let folder = try TemporaryFolder()
    let source = CountingSource()
    let request = SmallModels.request(SmallModels.resNet, precision, from: source)
    _ = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
    #expect(source.counts.keys.contains { $0.hasSuffix("running_var") })
    #expect(source.counts.filter { $0.value != 1 } == [:])
  }

  @Test("A BatchNorm without variance is an error")
  func aBatchNormWithoutVarianceIsRefused() throws {
    let problem = try failure(
      .fp16, "visual.bn1.running_var", index: 1, value: -1, architecture: SmallModels.resNet)
    #expect(problem == .notFinite(tensor: ParameterName("visual.bn1.scale"), element: 1))
  }

  @Test("Every error says what to do")
  func everyRefusalSaysWhatToDo() {
    let problems: [QuantizationError] = [
      .notFinite(tensor: ParameterName("a"), element: 0),
      .overflowsFloat16(tensor: ParameterName("a"), element: 0, value: 1e9),
      .elementCount(tensor: ParameterName("a"), expected: 1, found: 2),
    ]
    for problem in problems {
      #expect(!problem.hint.isEmpty && !problem.description.contains("\n"))
    }
  }
}
