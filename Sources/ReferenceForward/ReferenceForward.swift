internal import Architecture
public import Models

/// CLIP's forward pass in FP32 as in the paper and OpenAI's code: plain, layer by layer from the checkpoint, with a
/// name for every intermediate value. The runtime and every quantized bundle are compared with it.
public struct ReferenceForward {
  /// Called with each stage's output as soon as it is computed. Stages have the names of their modules:
  /// `visual.ln_pre`, `visual.transformer.resblocks.3`, `visual.layer2.0`, `transformer.resblocks.11`, …
  public typealias Observer = (_ stage: String, _ output: Tensor) -> Void
  /// Called with the inputs of each layer, by the name of its weights, before its product.
  package typealias InputObserver = (_ weights: String, _ inputs: LayerInputs) -> Void
  /// Gives the changes to a layer, by the name of its weights.
  package typealias Changes = (_ weights: String) throws(ModelError) -> [LayerChange]

  public let model: CLIPModel
  public let product: MatrixProduct
  private let weights: CanonicalWeights
  private var departures = Departures()

  public init(_ model: CLIPModel, product: MatrixProduct) {
    self.model = model
    self.product = product
    weights = CanonicalWeights(model)
  }

  package init(_ model: CLIPModel, product: MatrixProduct, observeInputs: @escaping InputObserver) {
    self.model = model
    self.product = product
    weights = CanonicalWeights(model, observeInputs: observeInputs)
  }

  /// Embeddings of a batch are those of all copies: `[copies · items, E]`. Runs one batch.
  package init(_ model: CLIPModel, product: MatrixProduct, variation: Variation) {
    self.model = model
    self.product = product
    weights = CanonicalWeights(model, variation: variation)
  }

  package init(_ model: CLIPModel, product: MatrixProduct, departures: Departures) {
    self.init(model, product: product)
    self.departures = departures
  }

  /// Image embeddings, not normalized; pooled hidden states for a tower without projection.
  ///
  /// - Parameter pixels: normalized, `[B, 3, S, S]` with S the tower's image size.
  /// - Throws: `towerAbsent`, `wrongShape`, or errors of reading weights.
  public func encodeImages(
    _ pixels: Tensor, observe: @escaping Observer = { _, _ in }
  ) throws(ModelError) -> Tensor {
    guard let tower = model.architecture.image else { throw ModelError(.towerAbsent, found: "image") }
    let size = tower.imageSize
    guard pixels.shape.count == 4, Array(pixels.shape[1...]) == [3, size, size] else {
      throw ModelError(
        .wrongShape, tensor: "pixels", expected: "[images, 3, \(size), \(size)]", found: "\(pixels.shape)")
    }
    return try ImageForward(
      tower: tower, weights: weights, product: product, departures: departures, observe: observe)(pixels)
  }

  /// Text embeddings, not normalized; pooled hidden states for a tower without projection.
  ///
  /// - Parameter ids: for each text ids up to the context length, including start and end of text.
  public func encodeTexts(
    _ ids: [[Int32]], observe: @escaping Observer = { _, _ in }
  ) throws(ModelError) -> Tensor {
    guard let tower = model.architecture.text else { throw ModelError(.towerAbsent, found: "text") }
    return try TextForward(
      tower: tower, weights: weights, product: product, departures: departures, observe: observe)(ids)
  }

  /// The same embeddings for texts that end early, without the positions after the last one's end.
  ///
  /// - Parameter ids: equally long, at most the context length, each with the id at which the tower pools.
  package func encodeTexts(cut ids: [[Int32]]) throws(ModelError) -> Tensor {
    guard var tower = model.architecture.text else { throw ModelError(.towerAbsent, found: "text") }
    tower.contextLength = ids.first?.count ?? tower.contextLength
    return try TextForward(
      tower: tower, weights: weights, product: product, departures: departures, observe: { _, _ in })(ids)
  }

  /// exp(logit_scale) · I · Tᵀ + logit_bias (if there is one) of unit-norm embeddings: images `[A, E]`, texts `[B,
  /// E]` → `[A, B]`.
  public func logits(images: Tensor, texts: Tensor) throws(ModelError) -> Tensor {
    let logScale = Double(try weights("logit_scale").values[0])
    let scale = Float(ElementaryFunctions.exponential(.init(repeating: logScale))[0])
    var logits = images.linear(texts, by: product)  // [A, B]
    let bias = model.scoreKind == .sigmoid ? try weights("logit_bias").values[0] : 0
    for index in logits.values.indices { logits.values[index] = logits.values[index] * scale + bias }
    return logits
  }
}
