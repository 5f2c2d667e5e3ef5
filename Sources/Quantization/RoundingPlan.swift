public import Architecture

/// How the writer rounds each int8 matrix, where that is not to nearest.
public struct RoundingPlan: Sendable, Equatable {
  /// The rounded values of a matrix as the bundle stores it, after equalization.
  public struct Matrix: Sendable, Equatable {
    /// `[N, K]`, in the order of inputs that bundles store.
    public var values: [Int8]
    /// One per output.
    public var scales: [Float]

    public init(values: [Int8], scales: [Float]) {
      self.values = values
      self.scales = scales
    }
  }

  /// Matrices that are not rounded to nearest.
  public var matrices: [ParameterName: Matrix] = [:]
  /// By name of the bias: what the stored bias adds, E[(W − Ŵ)·x] of each output. A BatchNorm's scale multiplies it.
  public var corrections: [ParameterName: [Double]] = [:]

  public init() {}

  /// Everything to nearest.
  public static let nearest = RoundingPlan()

  /// The bias that takes up the mean error of a matrix: its own, or its BatchNorm's. Nil for projections and for the
  /// patch embedding.
  package static func biasIndex(of index: Int, in parameters: [Parameter]) -> Int? {
    guard index + 1 < parameters.count else { return nil }
    switch (parameters[index].role, parameters[index + 1].role) {
    case (.linear, .vector): return index + 1
    case (.convolution, .vector), (.projection, .vector):
      // The next vector can also be that of another layer.
      let isBias = parameters[index + 1].name == parameters[index].biasName
      return isBias ? index + 1 : nil
    case (.convolution, .batchNorm(.gain, of: let norm)): return norm.bias
    case (.linear, _), (.convolution, _), (.projection, _), (.tokenTable, _), (.positions, _), (.vector, _),
      (.batchNorm, _), (.logitScale, _), (.logitBias, _):
      return nil
    }
  }
}

extension Parameter {
  /// The bias of a convolution, or of a projection, which has no `.weight` in its name.
  fileprivate var biasName: ParameterName {
    switch role {
    case .projection: name.appending(".bias")
    case .linear, .convolution, .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias:
      name.replacingLastComponent(with: "bias")
    }
  }
}
