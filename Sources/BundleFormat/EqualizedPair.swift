public import Architecture

/// A linear layer and what comes right before it, with nothing but a sum over positions in between.
public struct EqualizedPair: Sendable, Equatable {
  /// Index into the schema of the linear whose columns are multiplied.
  public var consumer: Int
  /// Indices of the LayerNorm's gain and bias, or of the weights and biases that compute attention's values.
  public var weight, bias: Int
  /// The row of `weight` (element of `bias`) that feeds input channel 0.
  public var firstRow: Int

  /// Exponents beyond ± this say that a channel is dead rather than loud.
  public static let exponentLimit: Int32 = 64

  /// Every pair of a schema: ln_1 → in_proj, v → out_proj, ln_2 → c_fc, ln_post → proj, ln_final → text_projection,
  /// and attention pooling's v_proj → c_proj.
  ///
  /// The schema lists a producer's two tensors right before their consumer.
  public static func all(in parameters: [Parameter]) -> [EqualizedPair] {
    parameters.indices.compactMap { index in
      guard index >= 2 else { return nil }
      let (weight, bias) = (index - 2, index - 1)
      switch parameters[index].role {
      case .linear(input: .layerNorm), .projection:
        return EqualizedPair(consumer: index, weight: weight, bias: bias, firstRow: 0)
      case .linear(input: .attentionValues):
        // The values are the last rows of an in-projection, and all rows of a v_proj.
        let firstRow = parameters[weight].shape[0] - parameters[index].shape[1]
        return EqualizedPair(consumer: index, weight: weight, bias: bias, firstRow: firstRow)
      case .linear(input: .other), .convolution, .tokenTable, .positions, .vector, .batchNorm, .logitScale,
        .logitBias:
        return nil
      }
    }
  }
}

/// 2^exponent, for −126 ≤ exponent ≤ 127.
public func powerOfTwo(_ exponent: Int32) -> Float {
  Float(bitPattern: UInt32(bitPattern: 127 &+ exponent) &<< 23)
}
