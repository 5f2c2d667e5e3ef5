public import Architecture

/// Powers of two that move magnitude from activations into weights before both become int8.
///
/// A channel that is loud after a LayerNorm costs every other channel of its token resolution, because a token has
/// one scale. Dividing the LayerNorm's gain and bias of that channel by s and multiplying the next linear's column
/// by s leaves the function as it is; s being a power of two, no bit is lost. (Xiao et al., "SmoothQuant", 2022, with
/// weights in place of calibration data.)
public struct Equalization: Sendable, Equatable {
  /// By index of the consuming parameter: e per input channel; its column is multiplied by 2^e, its input divided.
  public private(set) var consumers: [Int: [Int32]] = [:]
  /// By index of the producing parameter: what its channels are divided by.
  private var producers: [Int: ProducerScaling] = [:]

  /// The exponents of the rows (or of the elements) of one producing parameter.
  private struct ProducerScaling: Sendable, Equatable {
    /// The first row that feeds the consumer: 0 for a LayerNorm, 2 · width for the values of an in-projection.
    var firstRow: Int
    var exponents: [Int32]
  }

  public init() {}

  /// Records the exponents found for a pair.
  public mutating func add(_ pair: EqualizedPair, _ exponents: [Int32]) {
    consumers[pair.consumer] = exponents
    let scaling = ProducerScaling(firstRow: pair.firstRow, exponents: exponents)
    producers[pair.weight] = scaling
    producers[pair.bias] = scaling
  }

  /// What the columns of parameter `index` are multiplied by, or nil for 1.
  public func columnFactors(of index: Int) -> [Float]? {
    consumers[index].map { $0.map { powerOfTwo($0) } }
  }

  /// What the rows (elements of a vector) of parameter `index` are multiplied by, `rowCount` of them, or nil for 1.
  public func rowFactors(of index: Int, rowCount: Int) -> [Float]? {
    guard let scaling = producers[index] else { return nil }
    var factors = [Float](repeating: 1, count: rowCount)
    for (channel, exponent) in scaling.exponents.enumerated() {
      factors[scaling.firstRow + channel] = powerOfTwo(-exponent)
    }
    return factors
  }
}

/// 2^exponent, for exponents well inside FP32's range.
public func powerOfTwo(_ exponent: Int32) -> Float {
  Float(sign: .plus, exponent: Int(exponent), significand: 1)
}

/// A linear layer and what comes right before it, with nothing but a sum over positions in between.
public struct EqualizedPair: Sendable, Equatable {
  /// Index into the schema of the linear whose columns are multiplied.
  public var consumer: Int
  /// Indices of the LayerNorm's gain and bias, or of the weights and biases that compute attention's values.
  public var weight, bias: Int
  /// The row of `weight` (element of `bias`) that feeds input channel 0.
  public var firstRow: Int

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
      case .linear(input: .other), .convolution, .tokenTable, .positions, .vector, .batchNorm, .logitScale:
        return nil
      }
    }
  }
}
