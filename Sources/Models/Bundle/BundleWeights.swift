public import Architecture
public import Archives
public import BundleFormat
internal import Checkpoints
internal import Quantization
public import TensorTypes

/// The weights of one of our own bundles, given back as canonical FP32 values: panels unpacked, scales applied,
/// equalization undone.
///
/// From FP32 every bit comes back; a BatchNorm comes back as the scale and bias that it was folded into.
public struct BundleWeights: Sendable {
  /// What the file says about itself, validated.
  public let header: BundleHeader
  let file: MappedFile
  private let indices: [ParameterName: Int]
  private let parameters: [Parameter]
  /// By name of a parameter that equalization may have changed.
  private let equalized: [ParameterName: Equalized]

  private struct Equalized: Sendable {
    /// Of the parameter, in the schema.
    var index: Int
    /// The pairs that it is part of, as consumer or as producer.
    var pairs: [EqualizedPair] = []
  }

  /// Nil where damage is to be read like anything else.
  private let verified: VerifiedTensors?

  /// Validates the structure; contents are read when asked for.
  ///
  /// - Parameter verifiesDigests: whether each tensor's SHA-256 is checked when it is first read.
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

  /// Writes the values from flat index `first` on, row-major in the canonical shape, as many as `output` holds.
  ///
  /// - Throws: `bundleRuleBroken` for a tensor that is damaged, or not the architecture's.
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

  /// Gives back the pages that reading a parameter touched.
  public func release(_ parameter: Parameter) {
    guard let tensor = indices[parameter.name].map({ header.tensors[$0] }) else { return }
    file.release(tensor.byteOffset..<tensor.byteOffset + tensor.byteCount)
  }

  /// The element type of a parameter in the file; nil for what is not stored as such.
  public func storedType(of parameter: Parameter) -> DType? {
    indices[parameter.name].map { header.tensors[$0].dtype }
  }
}

extension BundleWeights {
  /// A tensor whose bytes are those that the header states.
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

  /// The bytes of a tensor; its range was validated against the file.
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

  /// What undoes equalization: that of the exponents with the other sign. Nil for 1.
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
      // A content rule (B-046), so the file may say anything.
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

  /// γ = scale, β = bias, mean 0, variance 1 − ε: folding these gives the same scale and bias again.
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
