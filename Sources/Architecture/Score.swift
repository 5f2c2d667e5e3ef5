/// How a model turns the cosine of an image and a text into a probability.
public enum Score: Sendable, Equatable {
  /// softmax(exp(logScale) · cosine) over the texts of an image: what CLIP's loss trains.
  case softmax(logScale: Float)
  /// sigmoid(exp(logScale) · cosine + bias) of each pair alone: what SigLIP's loss trains.
  case sigmoid(logScale: Float, bias: Float)

  /// A score without its numbers, which travel as tensors.
  public enum Kind: UInt8, Sendable, CaseIterable {
    case softmax, sigmoid
  }

  /// exp(88.73) is beyond every float; that of a trained model is about 100.
  public static var largestLogScale: Float { 88 }

  /// Nil of a softmax, which no bias changes.
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
