internal import Architecture
public import Models

/// CLIP's forward pass in FP32 as in the paper and OpenAI's code: plain, layer by layer from the checkpoint, with a
/// name for every intermediate value. The runtime and every quantized bundle are compared with it.
public struct ReferenceForward {
  /// Called with each stage's output as soon as it is computed. Stages have the names of their modules:
  /// `visual.ln_pre`, `visual.transformer.resblocks.3`, `visual.layer2.0`, `transformer.resblocks.11`, …
  public typealias Observer = (_ stage: String, _ output: Tensor) -> Void

  public let model: CLIPModel
  public let product: MatrixProduct
  private let weights: CanonicalWeights

  public init(_ model: CLIPModel, product: MatrixProduct) {
    self.model = model
    self.product = product
    weights = CanonicalWeights(model)
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
    return try ImageForward(tower: tower, weights: weights, product: product, observe: observe)(pixels)
  }

  /// Text embeddings, not normalized; pooled hidden states for a tower without projection.
  ///
  /// - Parameter ids: for each text ids up to the context length, including start and end of text.
  public func encodeTexts(
    _ ids: [[Int32]], observe: @escaping Observer = { _, _ in }
  ) throws(ModelError) -> Tensor {
    guard let tower = model.architecture.text else { throw ModelError(.towerAbsent, found: "text") }
    return try TextForward(tower: tower, weights: weights, product: product, observe: observe)(ids)
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
