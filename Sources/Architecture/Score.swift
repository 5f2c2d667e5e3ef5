/// How a model turns the cosine of an image and a text into a probability.
public enum Score: Sendable, Equatable {
  /// softmax(exp(logScale) · cosine) over the texts of an image, which CLIP's loss trains.
  case softmax(logScale: Float)
  /// sigmoid(exp(logScale) · cosine + bias) of each pair separately, which SigLIP's loss trains.
  case sigmoid(logScale: Float, bias: Float)

  /// The kind of a score. Its numbers are stored as tensors.
  public enum Kind: UInt8, Sendable, CaseIterable {
    case softmax, sigmoid
  }

  /// exp(88.73) overflows FP32. The scale of a trained model is about 100.
  public static var largestLogScale: Float { 88 }

  /// Of a softmax whose scale the model does not store: the upper limit of CLIP's training (Radford et al. 2021, section 2.5),
  /// which published models reach. A report that uses it names it.
  public static var usualScale: Float { 100 }

  /// Nil for a softmax, which a bias does not change.
  public var bias: Float? {
    switch self {
    case .softmax: nil
    case .sigmoid(_, let bias): bias
    }
  }

  public var logScale: Float {
    switch self {
    case .softmax(let logScale), .sigmoid(let logScale, _): logScale
    }
  }
}
