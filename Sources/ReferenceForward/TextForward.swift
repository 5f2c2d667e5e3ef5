package import Architecture
internal import Models

/// The text encoder (`encode_text` in OpenAI's `clip/model.py`; `_Model` in big_vision's `text_transformer.py`). B texts of
/// C ids, W channels, E embedding dimensions.
struct TextForward {
  var tower: TextTower
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// ids `[B][C]` → `[B, E]`, or `[B, W]` for a tower without projection
  func callAsFunction(_ ids: [[Int32]]) throws(ModelError) -> Tensor {
    for text in ids where text.count != tower.contextLength {
      throw ModelError(
        .wrongShape, tensor: "ids", expected: "\(tower.contextLength) per text", found: "\(text.count)")
    }
    var x = try weights.lookedUp(ids, in: "token_embedding.weight")  // [B, C, W]
    x.addRepeating(try weights.rows(Array(0..<tower.contextLength), of: "positional_embedding"))  // [C, W]
    observe("positional_embedding", x)
    x = try Transformer(  // [B, C, W]
      stack: tower.stack, name: "transformer", isCausal: departures.mask.isCausal(tower.isCausal),
      weights: weights, product: product, departures: departures, observe: observe)(x)
    if !departures.omitsPostNorm {
      x = x.layerNorm(  // [B, C, W]
        try weights("ln_final.weight"), try weights("ln_final.bias"), epsilon: tower.stack.epsilon)
    }
    observe("ln_final", x)
    let positions = ids.map { tower.pooledPosition(of: $0) }
    let pooled = departures.pooling.pooled(  // [B, W]
      x, at: (0..<x.shape[0]).map { positions[$0 % ids.count] })
    guard tower.projection != nil, !departures.omitsProjection else { return pooled }
    var embedding = try weights.projected(pooled, "text_projection", by: product)  // [B, E]
    if tower.hasProjectionBias { embedding.addRepeating(try weights("text_projection.bias")) }
    observe("text_projection", embedding)
    return embedding
  }
}

extension TextTower {
  /// The position whose hidden state represents the text.
  package func pooledPosition(of ids: [Int32]) -> Int {
    switch pooling {
    case .highestID: ids.firstIndex(of: ids.max() ?? 0) ?? 0
    // Like transformers' argmax over equality: position 0 if the id does not occur.
    case .firstID(let id): ids.firstIndex { Int($0) == id } ?? 0
    case .last: ids.count - 1
    }
  }
}
