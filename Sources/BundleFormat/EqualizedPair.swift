public import Architecture

/// A linear layer and its producer, with only a sum over positions in between.
public struct EqualizedPair: Sendable, Equatable {
  /// Index into the schema of the linear layer whose columns are multiplied.
  public var consumer: Int
  public var producer: Parameter.Producer

  /// An exponent outside ± this limit means that the channel is dead, not large.
  public static let exponentLimit: Int32 = 64

  /// Every pair of a schema, in its order: ln_1 → in_proj, v → out_proj, ln_2 → c_fc, ln_post → proj,
  /// ln_final → text_projection, and attention pooling's v_proj → c_proj.
  public static func all(in parameters: [Parameter]) -> [EqualizedPair] {
    parameters.indices.compactMap { index in
      parameters[index].producer.map { EqualizedPair(consumer: index, producer: $0) }
    }
  }
}

extension Parameter {
  fileprivate var producer: Producer? {
    switch role {
    case .linear(let producer): producer
    case .projection(let producer): producer
    case .convolution, .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias: nil
    }
  }
}

/// 2^exponent, for −126 ≤ exponent ≤ 127.
public func powerOfTwo(_ exponent: Int32) -> Float {
  Float(bitPattern: UInt32(bitPattern: 127 &+ exponent) &<< 23)
}
