internal import CPocketCLIP

/// Dot products of every vector of `first` with every vector of `second`: cosines, if the vectors have unit length.
///
/// - Throws: `argument` for vectors of different lengths.
public func similarity(_ first: [[Float]], _ second: [[Float]]) throws(PocketCLIPError) -> [[Float]] {
  guard let dimension = first.first?.count, !second.isEmpty else { return first.map { _ in [] } }
  for vector in first + second where vector.count != dimension {
    throw PocketCLIPError(.argument, message: "vectors: expected \(dimension) values, found \(vector.count)")
  }
  let (a, b) = (first.flatMap { $0 }, second.flatMap { $0 })
  var scores = [Float](repeating: 0, count: first.count * second.count)
  try check { error in
    scores.withUnsafeMutableBufferPointer {
      pclip_similarity(a, first.count, b, second.count, dimension, $0.baseAddress, error)
    }
  }
  return (0..<first.count).map { Array(scores[$0 * second.count..<($0 + 1) * second.count]) }
}

/// A softmax of similarities times a scale, independent of any model. `Model.probabilities(of:scale:)` computes the
/// model's score.
public func probabilities(of similarities: [Float], scale: Float) -> [Float] {
  var scores = similarities
  var error = pclip_error()
  let code = scores.withUnsafeMutableBufferPointer {
    pclip_softmax($0.baseAddress, 1, $0.count, scale, &error)
  }
  return code == PCLIP_OK ? scores : similarities.map { _ in .nan }
}

extension Model {
  /// How probable each text is for an image, computed from their similarities: softmax(scale · s) over the texts, or
  /// sigmoid(scale · s + bias) of each, as `information.scoreKind` states.
  ///
  /// - Parameter scale: multiplies the similarities; nil for the bundle's scale.
  /// - Throws: `argument` if there is no scale or no text.
  public func probabilities(
    of similarities: [Float], scale: Float? = nil
  ) throws(PocketCLIPError) -> [Float] {
    var scores = similarities
    let count = scores.count
    try check { error in
      guard var scale else { return pclip_scores(handle, &scores, 1, count, nil, error) }
      return pclip_scores(handle, &scores, 1, count, &scale, error)
    }
    return scores
  }
}

extension Session {
  /// How probable each text is for each image. An image that cannot be encoded has its error instead.
  ///
  /// - Parameter scale: multiplies the similarities; nil for the bundle's scale.
  /// - Throws: `argument` if there is no scale.
  public func classify(
    images: [Image], texts: [String], scale: Float? = nil
  ) throws(PocketCLIPError) -> [Result<[Float], PocketCLIPError>] {
    guard scale ?? model.information.logitScale != nil else {
      throw PocketCLIPError(.argument, message: "the bundle has no logit scale: pass one")
    }
    guard !texts.isEmpty else {
      throw PocketCLIPError(
        .argument, message: "texts: expected at least one text to choose from, found none")
    }
    let labels = try encode(texts: texts)
    let vectors = try encode(images: images)
    return vectors.map { result in
      result.flatMap { (vector: [Float]) -> Result<[Float], PocketCLIPError> in
        Result { () throws(PocketCLIPError) in
          try model.probabilities(of: similarity([vector], labels)[0], scale: scale)
        }
      }
    }
  }
}
