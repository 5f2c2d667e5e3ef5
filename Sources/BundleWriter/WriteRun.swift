internal import Architecture
internal import BundleFormat
internal import Models
internal import Output
internal import Parallel
internal import Progress
internal import Quantization

/// One pass over a source: every job writes its tensors at their offsets and stores their digests.
struct WriteRun<Source: ParameterSource>: Sendable {
  typealias Failure = BundleWriteError<Source.Failure>

  let plan: WritePlan
  let request: BundleRequest<Source>
  let options: WriteOptions
  let region: OutputFile.Region

  private enum Job: Sendable {
    case sourceDigest
    case parameter(Int)
    /// The four tensors of a BatchNorm.
    case batchNorm(Parameter.BatchNorm)
  }

  /// - Returns: the description with ids and the source's digest, and the digest of every stored tensor.
  func writeTensors() throws(Failure) -> (BundleDescription, [Digest]) {
    let results = Results<Source.Failure>(
      storedCount: plan.layout.tensors.count, parameterCount: plan.parameters.count)
    let jobs = jobs
    options.progress.begin("reading and writing weights", .bytes, of: byteCount(of: jobs))
    let equalization = try measureEqualization()
    parallelFor(jobs.count, threads: options.threads) { index in
      guard !results.hasFailed else { return }
      do throws(Failure) {
        switch jobs[index] {
        case .sourceDigest: try digestSource(results)
        case .parameter(let parameter): try write(parameter, equalization, results)
        case .batchNorm(let norm): try writeBatchNorm(norm, results)
        }
      } catch { results.fail(error, job: index) }
    }
    if let failure = results.failure { throw failure }
    try writeConstants(results)
    return (identified(results), results.storedDigests)
  }

  func writeHeader(_ description: BundleDescription, _ digests: [Digest]) throws(Failure) {
    let header: [UInt8]
    do throws(BundleFault) {
      header = try HeaderEncoder.encode(description, plan.layout, digests: digests)
    } catch { throw .description(error) }
    do throws(OutputError) { try region.write(header.span.bytes, at: 0) } catch { throw .output(error) }
  }

  /// Long jobs first, so that the threads finish at about the same time.
  private var jobs: [Job] {
    let kept = plan.parameters.indices.filter { index in
      request.identity == .computed && plan.parameters[index].tower != nil
        || !plan.storedByParameter[index].isEmpty
    }
    let ordered = kept.sorted { first, second in
      let (a, b) = (plan.parameters[first].elementCount, plan.parameters[second].elementCount)
      return a == b ? first < second : a > b
    }
    let digest: [Job] = request.sourceDigest == nil ? [] : [.sourceDigest]
    return digest + ordered.compactMap { job(of: $0) }
  }

  /// What the jobs, and the measuring of equalization before them, read.
  private func byteCount(of jobs: [Job]) -> Int {
    4 * Equalization.elementCount(plan.parameters, includes: isInt8)
      + jobs.reduce(0) { $0 + byteCount(of: $1) }
  }

  private func byteCount(of job: Job) -> Int {
    switch job {
    case .sourceDigest: request.sourceByteCount
    case .parameter(let index): 4 * plan.parameters[index].elementCount
    case .batchNorm(let norm):
      4
        * [norm.gain, norm.bias, norm.runningMean, norm.runningVariance].reduce(0) {
          $0 + plan.parameters[$1].elementCount
        }
    }
  }

  private func job(of index: Int) -> Job? {
    switch plan.parameters[index].role {
    case .batchNorm(.gain, of: let norm): .batchNorm(norm)
    case .batchNorm(.bias, of: _), .batchNorm(.runningMean, of: _), .batchNorm(.runningVariance, of: _): nil
    case .linear, .projection, .convolution, .tokenTable, .positions, .vector, .logitScale, .logitBias:
      .parameter(index)
    }
  }

  private func digestSource(_ results: Results<Source.Failure>) throws(Failure) {
    guard let sourceDigest = request.sourceDigest else { return }
    do throws(Source.Failure) { results.setSourceDigest(try sourceDigest()) } catch { throw .source(error) }
  }

  private func isInt8(_ tower: Tower?) -> Bool {
    switch tower {
    case .image: request.description.architecture.image != nil && request.description.imagePrecision == .int8
    case .text: request.description.architecture.text != nil && request.description.textPrecision == .int8
    case nil: false
    }
  }

  /// Computes all exponents from the unmodified weights, before anything is written.
  private func measureEqualization() throws(Failure) -> Equalization {
    do throws(Source.Failure) {
      return try Equalization(
        of: request.source, plan.parameters, threads: options.threads, progress: options.progress,
        includes: isInt8)
    } catch { throw .source(error) }
  }
}

// One parameter.
extension WriteRun {
  private func write(
    _ index: Int, _ equalization: Equalization, _ results: Results<Source.Failure>
  ) throws(Failure) {
    let parameter = plan.parameters[index]
    let stored = plan.storedByParameter[index]
    var encoder = ParameterEncoder<Source.Failure>(
      parameter, stored: stored.map { plan.placed($0) }, kernels: options.kernels, region: region,
      progress: options.progress, columnFactors: equalization.columnFactors(of: index),
      rowFactors: equalization.rowFactors(of: index, rowCount: parameter.shape.first ?? 1),
      exponents: equalization.consumers[index], rounding: request.rounding.matrices[parameter.name],
      correction: request.rounding.corrections[parameter.name])
    let outcome = try fetch(parameter) { values in
      Result { () throws(Failure) in try encoder.encode(values) }
    }
    try outcome.get()
    for (tensor, digest) in zip(stored, encoder.storedDigests) { results.setStored(digest, at: tensor) }
    results.setCanonical(encoder.canonical.finish(), at: index)
  }

  private func fetch<Value>(
    _ parameter: Parameter, _ body: (Span<Float>) -> Value
  ) throws(Failure) -> Value {
    do throws(Source.Failure) {
      return try request.source.withValues(of: parameter, body)
    } catch { throw .source(error) }
  }

  /// The gain's tensor stores the scale, the bias's tensor stores the bias. Mean and variance are not stored.
  private func writeBatchNorm(
    _ norm: Parameter.BatchNorm, _ results: Results<Source.Failure>
  ) throws(Failure) {
    let fold = BatchNormFold(
      gain: try identifiedValues(norm.gain, results), bias: try identifiedValues(norm.bias, results),
      mean: try identifiedValues(norm.runningMean, results),
      variance: try identifiedValues(norm.runningVariance, results),
      epsilon: request.sourceArchitecture.image?.epsilon ?? 0)
    let corrected = fold.bias(
      correctedBy: request.rounding.corrections[plan.parameters[norm.bias].name])
    for (index, values) in [(norm.gain, fold.scale), (norm.bias, corrected)] {
      guard let tensor = plan.storedByParameter[index].first else { continue }
      if let element = values.span.firstNonFinite {
        throw .weights(.notFinite(tensor: plan.layout.tensors[tensor].name, element: element))
      }
      results.setStored(try writeSmall(values, tensor), at: tensor)
    }
  }

  /// A copy of a parameter's values, whose digest is stored.
  private func identifiedValues(_ index: Int, _ results: Results<Source.Failure>) throws(Failure) -> [Float] {
    let parameter = plan.parameters[index]
    var encoder = ParameterEncoder<Source.Failure>(
      parameter, kernels: options.kernels, region: region, progress: options.progress)
    let outcome = try fetch(parameter) { values in
      Result { () throws(Failure) in
        try encoder.encode(values)
        return values.indices.map { values[$0] }
      }
    }
    let values = try outcome.get()
    results.setCanonical(encoder.canonical.finish(), at: index)
    return values
  }

  private func writeSmall(_ values: [Float], _ index: Int) throws(Failure) -> Digest {
    try writeSmall(values.span.bytes, index)
  }

  private func writeSmall(_ bytes: RawSpan, _ index: Int) throws(Failure) -> Digest {
    let tensor = plan.placed(index)
    do throws(OutputError) {
      return try StoredStream.write(bytes, paddedTo: tensor.byteCount, region, at: tensor.byteOffset)
    } catch { throw .output(error) }
  }
}

// Tensors without a parameter, and values that depend on all digests.
extension WriteRun {
  private func writeConstants(_ results: Results<Source.Failure>) throws(Failure) {
    for (index, tensor) in plan.layout.tensors.enumerated() {
      switch tensor.content {
      case .scalar(let scalar):
        results.setStored(try writeSmall(values(of: scalar), index), at: index)
      case .merges: results.setStored(try writeSmall(OpenAIVocabulary.merges, index), at: index)
      case .tokenizerTable:
        results.setStored(try writeSmall(request.tokenizerTable.span.bytes, index), at: index)
      case .selfTest, .selfTestTolerance:
        results.setStored(try writeSmall([], index), at: index)
      case .panels, .table, .vector, .scale, .sum, .exponent, .batchNormScale, .batchNormBias, .extra: break
      }
    }
  }

  private func values(of scalar: StoredTensor.Scalar) throws(Failure) -> [Float] {
    let description = request.description
    switch scalar {
    case .logitScale: return try scoreValue(.logitScale)
    case .logitBias: return try scoreValue(.logitBias)
    case .imageEpsilon: return [description.architecture.image?.epsilon ?? 0]
    case .textEpsilon: return [description.architecture.text?.stack.epsilon ?? 0]
    case .mean: return description.preprocessing.mean.values
    case .standardDeviation: return description.preprocessing.standardDeviation.values
    }
  }

  private func scoreValue(_ role: Parameter.Role) throws(Failure) -> [Float] {
    guard let parameter = plan.parameters.first(where: { $0.role == role }) else { return [] }
    return try fetch(parameter) { values in values.indices.map { values[$0] } }
  }

  private func identified(_ results: Results<Source.Failure>) -> BundleDescription {
    var description = request.description
    if let digest = results.sourceDigest { description.provenance.sha256 = digest }
    guard request.identity == .computed else { return description }
    description.imageID = towerID(.image, results)
    description.textID = towerID(.text, results)
    return description
  }

  private func towerID(_ tower: Tower, _ results: Results<Source.Failure>) -> Digest? {
    let indices = plan.parameters.indices.filter { plan.parameters[$0].tower == tower }
    guard !indices.isEmpty else { return nil }
    let digests = results.canonicalDigests
    return Identity.tower(
      tower, of: request.sourceArchitecture, tensorDigests: indices.map { digests[$0] })
  }
}

extension Preprocessing.RGB {
  fileprivate var values: [Float] { [red, green, blue] }
}
