public import Architecture
public import Archives
public import BundleFormat
internal import Checkpoints
internal import Quantization
public import TensorTypes

/// The weights of a PocketCLIP bundle as canonical FP32 values: panels unpacked, scales applied, equalization undone.
///
/// Weights of FP32 bundles are bit-exact. A BatchNorm is restored as the scale and bias that it was folded into.
public struct BundleWeights: Sendable {
  /// The validated header.
  public let header: BundleHeader
  let file: MappedFile
  private let indices: [ParameterName: Int]
  private let parameters: [Parameter]
  /// Parameters that equalization can have changed, by name.
  private let equalized: [ParameterName: Equalized]

  private struct Equalized: Sendable {
    /// Index of the parameter in the schema.
    var index: Int
    /// The pairs in which it is the consumer or the producer.
    var pairs: [EqualizedPair] = []
  }

  /// Nil if damaged tensors are read like any others.
  private let verified: VerifiedTensors?

  /// Validates the structure. Contents are read on demand.
  ///
  /// - Parameter verifiesDigests: whether to check each tensor's SHA-256 on first use.
  /// - Throws: `bundleRuleBroken` or `bundleTooNew`.
  public init(_ file: MappedFile, verifiesDigests: Bool = true) throws(ReadError) {
    do throws(BundleFault) {
      header = try BundleHeader(file: file.bytes)
    } catch {
      throw ReadError(error, in: file)
    }
    self.file = file
    verified = verifiesDigests ? VerifiedTensors() : nil
    indices = Dictionary(header.tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    parameters = ParameterSchema(header.description.architecture).parameters
    var equalized: [ParameterName: Equalized] = [:]
    for pair in EqualizedPair.all(in: parameters) {
      for index in [pair.consumer, pair.producer.weight, pair.producer.bias] {
        equalized[parameters[index].name, default: Equalized(index: index)].pairs.append(pair)
      }
    }
    self.equalized = equalized
  }

  /// Writes `output.count` values from flat index `first` on, row-major in the canonical shape.
  ///
  /// - Throws: `bundleRuleBroken` for a tensor that is damaged or does not belong to the architecture.
  public func read(
    _ parameter: Parameter, from first: Int = 0, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ReadError) {
    switch parameter.role {
    case .linear, .projection, .convolution:
      let matrix = try RestoredMatrix(self, parameter)
      matrix.read(from: first, into: output)
    case .tokenTable, .positions:
      try RestoredTable(self, parameter).read(from: first, into: output)
    case .vector: try readVector(parameter, from: first, into: output)
    case .batchNorm(let part, of: _): try readBatchNorm(parameter, part, from: first, into: output)
    case .logitScale, .logitBias: try readFloats(of: stored(parameter.name), from: first, into: output)
    }
  }

  /// Releases the pages that reading a parameter touched.
  public func release(_ parameter: Parameter) {
    guard let tensor = indices[parameter.name].map({ header.tensors[$0] }) else { return }
    file.release(tensor.byteOffset..<tensor.byteOffset + tensor.byteCount)
  }

  /// The element type of a parameter in the file; nil if it is not stored directly.
  public func storedType(of parameter: Parameter) -> DType? {
    indices[parameter.name].map { header.tensors[$0].dtype }
  }
}

extension BundleWeights {
  /// A tensor, after checking that its bytes match the digest in the header.
  func stored(_ name: ParameterName) throws(ReadError) -> StoredTensor {
    guard let index = indices[name] else {
      throw ReadError(.bundleRuleBroken, expected: "tensor \(name)", found: "none", file: file.path)
    }
    let tensor = header.tensors[index]
    guard let verified, !verified.contains(index) else { return tensor }
    var stream = DigestStream()
    stream.update(bytes(of: tensor))
    guard stream.finish() == header.digests[index] else {
      throw ReadError(BundleFault(.digestMatches, at: tensor.byteOffset), in: file)
        .inside(.tensor(name.description))
    }
    verified.insert(index)
    return tensor
  }

  /// The bytes of a tensor. Its range was validated against the file.
  @_lifetime(borrow self)
  func bytes(of tensor: StoredTensor) -> RawSpan {
    let bytes = file.bytes.extracting(tensor.byteOffset..<tensor.byteOffset + tensor.byteCount)
    return _overrideLifetime(bytes, borrowing: self)
  }

  /// Values `first…` of an F32 vector.
  func readFloats(
    of tensor: StoredTensor, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) {
    let bytes = bytes(of: tensor)
    precondition(first >= 0 && 4 * (first + output.count) <= bytes.byteCount)
    for index in 0..<output.count {
      output[index] = bytes.unsafeLoadUnaligned(fromByteOffset: 4 * (first + index), as: Float.self)
    }
  }

  /// The first `count` values of the F32 companion `NAME.suffix`.
  func companion(_ parameter: Parameter, _ suffix: StaticString, count: Int) throws(ReadError) -> [Float] {
    let tensor = try stored(parameter.name.appending(suffix))
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { readFloats(of: tensor, from: 0, into: $0) }
    return values
  }

  /// The factors that undo equalization: powers of two with the negated exponents. Nil if all are 1.
  func restoringFactors(
    of parameter: Parameter
  ) throws(ReadError) -> (columns: [Float]?, rows: [Float]?) {
    guard let equalized = equalized[parameter.name] else { return (nil, nil) }
    var inverse = Equalization()
    for pair in equalized.pairs {
      guard let exponents = try exponents(of: parameters[pair.consumer].name) else { continue }
      inverse.add(pair, exponents.map { -$0 })
    }
    return (
      inverse.columnFactors(of: equalized.index),
      inverse.rowFactors(of: equalized.index, rowCount: parameter.shape[0])
    )
  }

  private func exponents(of consumer: ParameterName) throws(ReadError) -> [Int32]? {
    let name = consumer.appending(".exponent")
    guard indices[name] != nil else { return nil }
    let tensor = try stored(name)
    guard case .exponent(let count) = tensor.content else { return nil }
    let bytes = bytes(of: tensor)
    let limit = EqualizedPair.exponentLimit
    return (0..<count).map { index in
      // The limits of exponents are a content rule (B-046), which opening does not check.
      let exponent = bytes.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: Int32.self)
      return max(-limit, min(limit, exponent))
    }
  }
}

extension BundleWeights {
  private func readVector(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ReadError) {
    readFloats(of: try stored(parameter.name), from: first, into: output)
    guard let factors = try restoringFactors(of: parameter).rows else { return }
    for index in 0..<output.count { output[index] *= factors[first + index] }
  }

  /// γ = scale, β = bias, mean 0, variance 1 − ε. Folding these gives the same scale and bias again.
  private func readBatchNorm(
    _ parameter: Parameter, _ part: Parameter.BatchNormPart, from first: Int,
    into output: UnsafeMutableBufferPointer<Float>
  ) throws(ReadError) {
    switch part {
    case .gain:
      let name = parameter.name.replacingLastComponent(with: "scale")
      readFloats(of: try stored(name), from: first, into: output)
    case .bias: readFloats(of: try stored(parameter.name), from: first, into: output)
    case .runningMean: output.update(repeating: 0)
    case .runningVariance: output.update(repeating: restoredVariance)
    }
  }

  private var restoredVariance: Float {
    Float(1 - Double(header.description.architecture.image?.epsilon ?? 0))
  }
}
