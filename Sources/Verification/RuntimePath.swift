internal import Architecture
internal import BundleFormat
internal import PocketCLIP
internal import Progress

/// Runs a bundle in the runtime, including preprocessing and tokenizer.
struct RuntimePath {
  let bundle: OpenBundle
  private let session: Session

  init(_ bundle: OpenBundle, arithmetic: Model.Arithmetic) throws(VerificationError) {
    var options = Model.Options()
    options.arithmetic = arithmetic
    do throws(PocketCLIPError) {
      self.bundle = try bundle.running(options)
      session = try Session(self.bundle.model)
    } catch {
      throw .runtime(error)
    }
  }

  var path: String { bundle.path }
  var description: BundleDescription { bundle.description }
  private var information: ModelInformation { session.model.information }

  var imageIsPresent: Bool { information.hasImage }
  var textIsPresent: Bool { information.hasText }

  func prepare(_ probes: ProbeSet) throws(VerificationError) -> Inputs {
    var inputs = Inputs()
    if imageIsPresent {
      for image in probes.images { inputs.pixels.append(try preprocess(image)) }
    }
    if textIsPresent, information.hasTokenizer {
      for text in probes.texts { inputs.ids.append(try tokenize(text)) }
    } else if let tower = description.architecture.text {
      inputs.ids = ProbeTokens.generated(count: probes.texts.count, for: tower)
    }
    return inputs
  }

  /// Preprocessing and tokenizer, compared with the original library's on the same images and texts.
  func inputReport(_ golden: GoldenFile) throws(VerificationError) -> InputReport {
    var report = InputReport()
    if let image = description.architecture.image, imageIsPresent, golden.truth.images != nil {
      report.preprocessing = try InputComparison.pixels(
        golden, description.preprocessing, imageSize: image.imageSize
      ) { image throws(VerificationError) in try preprocess(image) }
    }
    if textIsPresent, golden.truth.texts != nil {
      report.tokenizer = try InputComparison.tokens(
        golden, tokenize: information.hasTokenizer ? tokenize : nil)
      report.pooling = description.architecture.text.map { InputComparison.pooling(golden, $0) }
    }
    return report
  }

  func run(_ inputs: Inputs, _ progress: WorkProgress) throws(VerificationError) -> Outputs {
    let architecture = description.architecture
    progress.begin(
      "running the bundle, \(information.arithmetic)", .operations,
      of: inputs.pixels.count * architecture.countedMultiplyAdds(.image)
        + inputs.ids.count * architecture.countedMultiplyAdds(.text))
    var outputs = Outputs()
    if imageIsPresent, !inputs.pixels.isEmpty {
      let recorder = RuntimeRecorder(
        pooledRow: architecture.image?.pool.pooledToken == nil ? .none : .first,
        onLayer: { progress.add(architecture.multiplyAddsPerLayer(.image)) })
      var values: [Float] = []
      for pixels in inputs.pixels {
        let vector = try encode(pixels: pixels, recorder)
        if let stage = finalImageStage { recorder.record(vector, as: stage) }
        values += vector
      }
      outputs.images = vectors(values, count: inputs.pixels.count)
      outputs.imageStages = recorder.trace
    }
    if textIsPresent, !inputs.ids.isEmpty {
      let recorder = RuntimeRecorder(
        pooledRow: .last, onLayer: { progress.add(architecture.multiplyAddsPerLayer(.text)) })
      var values: [Float] = []
      for ids in inputs.ids {
        let vector = try encode(ids: ids, recorder)
        if information.textIsProjected { recorder.record(vector, as: "text_projection") }
        values += vector
      }
      outputs.texts = vectors(values, count: inputs.ids.count)
      outputs.textStages = recorder.trace
    }
    return outputs
  }

  /// The last stage, which the runtime does not report because it is the result; nil if the last reported stage is
  /// the result.
  private var finalImageStage: String? { description.architecture.image?.projectionStage?.description }

  private func vectors(_ values: [Float], count: Int) -> Vectors {
    Vectors(count: count, width: values.count / count, values: values.map(Double.init))
  }
}

// The runtime, one item at a time.
extension RuntimePath {
  private func preprocess(_ image: ProbeImage) throws(VerificationError) -> [Float] {
    guard
      let view = Session.Image(pixels: image.pixels, width: image.width, height: image.height)
    else { throw .incomparable("probe image of \(image.width) x \(image.height)") }
    return try running { () throws(PocketCLIPError) in try session.preprocess(view) }
  }

  private func tokenize(_ text: String) throws(VerificationError) -> [Int32] {
    try running { () throws(PocketCLIPError) in try session.tokenize(text).ids }
  }

  /// One image's unnormalized vector. Records its stages.
  private func encode(pixels: [Float], _ recorder: RuntimeRecorder) throws(VerificationError) -> [Float] {
    try running { () throws(PocketCLIPError) in
      try session.observing(recorder.record) { () throws(PocketCLIPError) in
        try session.encode(batch: pixels, normalized: false)[0]
      }
    }
  }

  /// One text's unnormalized vector. Records its stages.
  private func encode(ids: [Int32], _ recorder: RuntimeRecorder) throws(VerificationError) -> [Float] {
    try running { () throws(PocketCLIPError) in
      try session.observing(recorder.record) { () throws(PocketCLIPError) in
        try session.encode(ids: [ids], normalized: false)[0]
      }
    }
  }

  private func running<Result>(
    _ body: () throws(PocketCLIPError) -> Result
  ) throws(VerificationError) -> Result {
    do throws(PocketCLIPError) { return try body() } catch { throw .runtime(error) }
  }
}
