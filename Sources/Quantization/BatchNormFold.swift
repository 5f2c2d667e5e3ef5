/// A BatchNorm in inference is one multiplication and one addition per channel.
///
/// y = γ · (x − μ) / √(σ² + ε) + β = x · scale + bias. Computed in FP64 and rounded once. Convolution weights are not
/// scaled: OpenAI's are FP16, and scaling would lose bits.
public struct BatchNormFold: Sendable, Equatable {
  /// F32 γ / √(σ² + ε) per channel.
  public let scale: [Float]
  /// F32 β − μ · γ / √(σ² + ε) per channel; the quotient is not rounded.
  public let bias: [Float]

  public init(gain: [Float], bias: [Float], mean: [Float], variance: [Float], epsilon: Float) {
    let quotients = zip(gain, variance).map { gain, variance in
      Double(gain) / (Double(variance) + Double(epsilon)).squareRoot()
    }
    scale = quotients.map { Float($0) }
    self.bias = quotients.indices.map { channel in
      Float(Double(bias[channel]) - Double(mean[channel]) * quotients[channel])
    }
  }

  /// The bias for a convolution whose mean output lacks `errors`; nil for none.
  public func bias(correctedBy errors: [Double]?) -> [Float] {
    guard let errors else { return bias }
    return bias.indices.map { Float(Double(bias[$0]) + Double(scale[$0]) * errors[$0]) }
  }
}
