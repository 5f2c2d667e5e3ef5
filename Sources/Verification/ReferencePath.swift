internal import Architecture
internal import ImagePreprocessing
package import Models
internal import Progress
internal import ReferenceForward

/// The FP32 reference on a checkpoint's weights.
package struct ReferencePath {
  let model: CLIPModel
  let request: ReferenceRequest

  package init(model: CLIPModel, request: ReferenceRequest) {
    self.model = model
    self.request = request
  }

  /// Prepares images and texts with the code that the runtime also uses.
  package func prepare(_ probes: ProbeSet) throws(VerificationError) -> Inputs {
    var inputs = Inputs()
    if let tower = model.architecture.image, let preprocessing = model.preprocessing {
      let preprocessor = ImagePreprocessor(preprocessing, imageSize: tower.imageSize)
      for image in probes.images { inputs.pixels.append(try image.prepared(by: preprocessor)) }
    }
    if let tower = model.architecture.text {
      inputs.ids =
        try ProbeTokens.ids(of: probes.texts, model.tokenizer, contextLength: tower.contextLength)
        ?? ProbeTokens.generated(count: probes.texts.count, for: tower)
    }
    return inputs
  }

  /// Preprocessing and tokenizer, compared with the original library's on the same images and texts.
  func inputReport(_ golden: GoldenFile) throws(VerificationError) -> InputReport {
    var report = InputReport()
    if let tower = model.architecture.image, let preprocessing = model.preprocessing,
      golden.truth.images != nil
    {
      let preprocessor = ImagePreprocessor(preprocessing, imageSize: tower.imageSize)
      report.preprocessing = try InputComparison.pixels(
        golden, preprocessing, imageSize: tower.imageSize
      ) { image throws(VerificationError) in try image.prepared(by: preprocessor) }
    }
    if let tower = model.architecture.text, golden.truth.texts != nil {
      report.tokenizer = try InputComparison.tokens(golden, tokenize: tokenizer(of: tower))
      report.pooling = InputComparison.pooling(golden, tower)
    }
    return report
  }

  private func tokenizer(of tower: TextTower) -> InputComparison.Tokenize? {
    guard model.tokenizer != .none else { return nil }
    return { text throws(VerificationError) in
      try ProbeTokens.ids(of: [text], model.tokenizer, contextLength: tower.contextLength)?.first ?? []
    }
  }

  /// - Throws: errors from reading weights, and `reference`.
  func run(_ inputs: Inputs, _ progress: WorkProgress) throws(VerificationError) -> Outputs {
    var product = try request.start()
    product.onMultiplyAdds = { progress.add($0) }
    progress.begin("FP32 reference", .operations, of: multiplyAdds(inputs))
    let forward = ReferenceForward(model, product: product)
    var outputs = Outputs()
    outputs.product = forward.product.name
    do throws(ModelError) {
      if !inputs.pixels.isEmpty { try runImages(inputs.pixels, forward, into: &outputs) }
      if !inputs.ids.isEmpty { try runTexts(inputs.ids, forward, into: &outputs) }
    } catch {
      throw .model(error)
    }
    return outputs
  }

  private func multiplyAdds(_ inputs: Inputs) -> Int {
    inputs.pixels.count * (model.architecture.image?.multiplyAdds ?? 0)
      + inputs.ids.count * (model.architecture.text?.multiplyAdds ?? 0)
  }

  /// In groups, because memory grows with the images that run together.
  private func runImages(
    _ pixels: [[Float]], _ forward: ReferenceForward, into outputs: inout Outputs
  ) throws(ModelError) {
    guard let tower = model.architecture.image else { return }
    let size = groupSize(tower)
    var values: [Double] = []
    for start in stride(from: 0, to: pixels.count, by: size) {
      let group = pixels[start..<min(start + size, pixels.count)]
      let recorder =
        if let pooled = tower.pool.pooledToken {
          TraceRecorder(
            tokens: group.map { _ in tower.tokenCount }, pooled: group.map { _ in pooled },
            after: outputs.imageStages)
        } else {
          TraceRecorder(maps: group.count, after: outputs.imageStages)
        }
      let batch = Tensor([group.count, 3, tower.imageSize, tower.imageSize], group.flatMap { $0 })
      values += Vectors(try forward.encodeImages(batch, observe: recorder.record)).values
      outputs.imageStages = recorder.trace
    }
    outputs.images = Vectors(count: pixels.count, width: values.count / pixels.count, values: values)
  }

  /// Images that run together.
  func groupSize(_ tower: ImageTower) -> Int { max(4, request.mostValues / tower.largestLayer) }

  private func runTexts(
    _ ids: [[Int32]], _ forward: ReferenceForward, into outputs: inout Outputs
  ) throws(ModelError) {
    guard let tower = model.architecture.text else { return }
    let pooled = ids.map { tower.pooledPosition(of: $0) }
    // Tokens after the pooled one cannot affect it; the runtime does not compute them.
    let recorder = TraceRecorder(tokens: pooled.map { $0 + 1 }, pooled: pooled)
    outputs.texts = Vectors(try forward.encodeTexts(ids, observe: recorder.record))
    outputs.textStages = recorder.trace
  }
}

extension ProbeImage {
  func prepared(by preprocessor: ImagePreprocessor) throws(VerificationError) -> [Float] {
    var planes = [Float](repeating: 0, count: 3 * preprocessor.imageSize * preprocessor.imageSize)
    var scratch = ImagePreprocessor.Scratch(
      maximumWidth: width, maximumHeight: height, imageSize: preprocessor.imageSize,
      backend: preprocessor.preprocessing.backend)
    do throws(ImageFault) {
      let view = try ImageView(pixels.span, width: width, height: height)
      var span = planes.mutableSpan
      try preprocessor.prepare(view, into: &span, scratch: &scratch)
    } catch {
      throw .incomparable("probe image of \(width) x \(height): \(error)")
    }
    return planes
  }
}
