import Architecture
import Archives
import BundleFormat
import BundleWriter
import Checkpoints
import Models
import Quantization
import TestSupport
import Testing

@Suite("Weights restored from a bundle") struct RestorationTests {
  private func weights(
    _ architecture: CLIPArchitecture, _ precision: Precision, _ folder: TemporaryFolder
  ) throws -> BundleWeights {
    let bytes = try writtenBundle(architecture, precision, in: folder)
    return try BundleWeights(MappedFile(copying: bytes.span.bytes, path: "memory"))
  }

  private func restored(_ parameter: Parameter, _ weights: BundleWeights) throws -> [Float] {
    var values = [Float](repeating: .nan, count: parameter.elementCount)
    try values.withUnsafeMutableBufferPointer { try weights.read(parameter, into: $0) }
    return values
  }

  @Test("FP32 weights are bit-exact", arguments: SmallModels.all)
  func fp32ComesBackBitForBit(architecture: CLIPArchitecture) throws {
    let weights = try weights(architecture, .fp32, TemporaryFolder())
    for parameter in ParameterSchema(architecture).parameters {
      let expected = expectedFP32(parameter, architecture)
      #expect(try restored(parameter, weights) == expected, "\(parameter.name)")
    }
  }

  /// The canonical values, with BatchNorms as docs/BUNDLE.md defines them.
  private func expectedFP32(_ parameter: Parameter, _ architecture: CLIPArchitecture) -> [Float] {
    let source = RandomSource(seed: 1)
    guard case .batchNorm(let part, of: _) = parameter.role else { return source.values(of: parameter) }
    let parameters = ParameterSchema(architecture).parameters
    let position: Int =
      switch part {
      case .gain: 0
      case .bias: 1
      case .runningMean: 2
      case .runningVariance: 3
      }
    let first = (parameters.firstIndex(of: parameter) ?? 0) - position
    let parts = parameters[first..<first + 4].map { source.values(of: $0) }
    let epsilon: Float = 1e-5
    return parts[0].indices.map { channel in
      let scale = Double(parts[0][channel]) / (Double(parts[3][channel]) + Double(epsilon)).squareRoot()
      switch part {
      case .gain: return Float(scale)
      case .bias: return Float(Double(parts[1][channel]) - Double(parts[2][channel]) * scale)
      case .runningMean: return 0
      case .runningVariance: return Float(1 - Double(epsilon))
      }
    }
  }

  @Test("FP16 weights are rounded once", arguments: SmallModels.all)
  func fp16ComesBackRounded(architecture: CLIPArchitecture) throws {
    let weights = try weights(architecture, .fp16, TemporaryFolder())
    for parameter in ParameterSchema(architecture).parameters {
      let values = RandomSource(seed: 1).values(of: parameter)
      switch parameter.role {
      case .linear, .projection, .convolution, .tokenTable:
        #expect(try restored(parameter, weights) == values.map { Float(Float16($0)) }, "\(parameter.name)")
      case .vector, .positions, .logitScale, .logitBias:
        #expect(try restored(parameter, weights) == values, "\(parameter.name)")
      case .batchNorm: break
      }
    }
  }

  @Test("int8 weights are within half a step", arguments: SmallModels.all)
  func int8ComesBackWithinHalfAStep(architecture: CLIPArchitecture) throws {
    let folder = try TemporaryFolder()
    let weights = try weights(architecture, .int8, folder)
    for parameter in ParameterSchema(architecture).parameters {
      let values = RandomSource(seed: 1).values(of: parameter)
      switch parameter.role {
      case .linear, .projection, .convolution, .tokenTable:
        let steps = try steps(of: parameter, in: folder)
        let restored = try restored(parameter, weights)
        let worst = values.indices.map { index in
          steps[index] == 0 ? abs(restored[index]) : abs(restored[index] - values[index]) / steps[index]
        }.max()
        #expect(try #require(worst) <= Self.halfAStep, "\(parameter.name)")
      case .vector, .positions, .logitScale, .logitBias:
        #expect(try restored(parameter, weights) == values, "\(parameter.name)")
      case .batchNorm: break
      }
    }
  }

  /// Half a step, plus the FP32 rounding of the quotient and the product.
  private static let halfAStep: Float = 0.5 + 127 * 0x1p-23

  /// The distance of adjacent int8 values at each element, with equalization undone.
  private func steps(of parameter: Parameter, in folder: TemporaryFolder) throws -> [Float] {
    let bytes = try fileBytes(folder.file("model.pclip"))
    let header = try BundleHeader(file: bytes.span.bytes)
    let parameters = ParameterSchema(header.description.architecture).parameters
    func floats(_ name: ParameterName) throws -> [Float] {
      let tensor = try #require(header.tensor(name))
      return (0..<tensor.byteCount / 4).map {
        bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: tensor.byteOffset + 4 * $0, as: Float.self)
      }
    }
    func factors(_ name: ParameterName, sign: Int32) throws -> [Float]? {
      guard header.tensor(name) != nil else { return nil }
      return try floats(name).map { powerOfTwo(sign * Int32(bitPattern: $0.bitPattern)) }
    }
    let scales = try floats(parameter.name.appending(".scale"))
    guard let matrix = WeightMatrix(parameter) else { return [] }
    let columns = try factors(parameter.name.appending(".exponent"), sign: -1)
    let pair = EqualizedPair.all(in: parameters).first { parameters[$0.producer.weight] == parameter }
    let rows = try pair.flatMap { try factors(parameters[$0.consumer].name.appending(".exponent"), sign: 1) }
    var steps = [Float](repeating: 0, count: parameter.elementCount)
    for row in 0..<matrix.outputs {
      let channel = row - (pair?.producer.firstRow ?? 0)
      let rowFactor = channel >= 0 ? rows?[channel] ?? 1 : 1
      for input in 0..<matrix.inputs {
        steps[matrix.canonicalIndex(row: row, input: input)] =
          scales[row] * (columns?[input] ?? 1) * rowFactor
      }
    }
    return steps
  }

  @Test(
    "A part of a tensor has the same values as the complete one", arguments: SmallModels.all,
    Precision.allCases)
  func aPartOfATensorIsThatPart(architecture: CLIPArchitecture, precision: Precision) throws {
    let weights = try weights(architecture, precision, TemporaryFolder())
    for parameter in ParameterSchema(architecture).parameters where parameter.elementCount > 5 {
      let whole = try restored(parameter, weights)
      let range = 3..<parameter.elementCount - 1
      var part = [Float](repeating: .nan, count: range.count)
      try part.withUnsafeMutableBufferPointer {
        try weights.read(parameter, from: range.lowerBound, into: $0)
      }
      #expect(part == Array(whole[range]), "\(parameter.name)")
    }
  }

  @Test("Damage is detected when the tensor is read")
  func damageIsFoundWhenTheTensorIsRead() throws {
    var bytes = try writtenBundle(SmallModels.vision, .int8, in: TemporaryFolder())
    let header = try BundleHeader(file: bytes.span.bytes)
    let scale = try #require(header.tensor(ParameterName("visual.proj.scale")))
    bytes[scale.byteOffset] ^= 1
    let weights = try BundleWeights(MappedFile(copying: bytes.span.bytes, path: "damaged.pclip"))
    let parameters = ParameterSchema(SmallModels.vision).parameters
    let damaged = try #require(parameters.first { $0.name == ParameterName("visual.proj") })
    let error = #expect(throws: ReadError.self) { try restored(damaged, weights) }
    #expect(error?.code == .bundleRuleBroken)
    #expect(error?.byteOffset == UInt64(scale.byteOffset))
    #expect(error?.description.contains("B-040") == true)
    let sound = try #require(parameters.first { $0.name == ParameterName("text_projection") })
    _ = try restored(sound, weights)
  }

  @Test("As a container of tensors, a bundle holds what its header states", arguments: SmallModels.all)
  func container(architecture: CLIPArchitecture) throws {
    for precision in [Precision.fp32, .fp16, .int8] {
      let bytes = try writtenBundle(architecture, precision, in: TemporaryFolder())
      let file = MappedFile(copying: bytes.span.bytes, path: "memory")
      let tensors = try Checkpoint.open(file).tensors
      let stated = try BundleHeader(file: file.bytes).tensors
      #expect(tensors.map(\.name) == stated.map(\.name.description))
      #expect(tensors.map(\.dtype) == stated.map(\.dtype) && tensors.map(\.shape) == stated.map(\.shape))
      #expect(
        tensors.map(\.storage.storedRange)
          == stated.map { $0.byteOffset..<$0.byteOffset + $0.byteCount })
    }
  }

  @Test("A newer bundle is an error about its version")
  func aBundleOfALaterVersionIsRefusedForThatReason() throws {
    var bytes = try writtenBundle(SmallModels.least, .int8, in: TemporaryFolder())
    let start = try #require(bytes.firstRange(of: Array("version\":\"1".utf8)))
    bytes[start.upperBound - 1] = UInt8(ascii: "2")
    let file = MappedFile(copying: bytes.span.bytes, path: "new.pclip")
    let error = #expect(throws: ModelError.self) { try CLIPModel(Checkpoint.open(file)) }
    #expect(error?.cause?.code == .bundleTooNew)
    #expect(error?.category == .unsupported)
  }

  @Test("Converting a restored bundle gives the same bytes", arguments: SmallModels.all)
  func convertingAConvertedFileChangesNothing(
    architecture: CLIPArchitecture
  )
    throws
  {
    let folder = try TemporaryFolder()
    for precision in [Precision.fp32, .fp16] {
      let bytes = try writtenBundle(architecture, precision, in: folder, name: "\(precision).pclip")
      let model = try CLIPModel(Checkpoint.open(folder.file("\(precision).pclip")))
      #expect(model.source.format == "pclip")
      var description = SmallModels.description(architecture, precision)
      let first = try BundleHeader(file: bytes.span.bytes).description
      description.imageID = first.imageID
      description.textID = first.textID
      var request = BundleRequest(source: model, sourceArchitecture: architecture, description: description)
      request.identity = .inherited
      let unfinished = try BundleWriter.write(
        request, options: WriteOptions(path: folder.file("\(precision)-again.pclip")))
      _ = try unfinished.finish(SmallModels.selfTest(architecture))
      #expect(try fileBytes(folder.file("\(precision)-again.pclip")) == bytes)
    }
  }
}
