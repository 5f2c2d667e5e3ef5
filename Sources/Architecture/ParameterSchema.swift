/// One canonical tensor: OpenAI's state-dict name, its shape in OpenAI's layout, and what it is for.
public struct Parameter: Sendable, Equatable {
  public var name: ParameterName
  /// Row-major extents, slowest axis first.
  public var shape: [Int]
  public var role: Role
  /// The tower it belongs to; nil for the score's scale and bias, which belong to neither.
  public var tower: Tower?

  /// What a tensor is for, which decides how a bundle stores it.
  public enum Role: Sendable, Equatable {
    /// `[N, K]`, y = W·x.
    case linear(input: LinearInput)
    /// `[K, N]`, y = x·W: OpenAI's `proj` and `text_projection`.
    case projection
    /// `[N, C, H, W]`, no bias.
    case convolution
    /// `[vocabulary, width]`, looked up by id.
    case tokenTable
    /// `[tokens, width]`.
    case positions
    /// `[N]`: a bias, a LayerNorm gain or bias, the class embedding.
    case vector
    /// `[N]`: a part of a BatchNorm.
    case batchNorm(BatchNormPart)
    /// `[]`, a natural logarithm.
    case logitScale
    /// `[]`, added to the scaled cosine.
    case logitBias
  }

  /// Where a linear layer's input comes from: the pairs that int8 equalizes.
  public enum LinearInput: Sendable, Equatable {
    /// The LayerNorm before it, alone.
    case layerNorm
    /// The value rows of an attention's input projection, averaged by attention.
    case attentionValues
    /// Nothing that could absorb a scale.
    case other
  }

  public enum BatchNormPart: Sendable, Equatable {
    case gain, bias, runningMean, runningVariance
  }

  /// Elements; shapes come from an architecture whose extents are bounded.
  public var elementCount: Int { shape.reduce(1, *) }
}

/// Every tensor of an architecture in a fixed order: image tower, text tower, score.
///
/// This one list drives shape checks, missing and unexpected reports, identity digests, synthetic weights, the
/// bundle's file order and the documentation.
public struct ParameterSchema: Sendable {
  public let parameters: [Parameter]

  /// - Parameter score: nil for a source that has none.
  public init(_ architecture: CLIPArchitecture, score: Score.Kind? = .softmax) {
    var builder = SchemaBuilder()
    if let image = architecture.image { builder.add(image) }
    if let text = architecture.text { builder.add(text) }
    builder.tower = nil
    if score != nil { builder.add("logit_scale", [], .logitScale) }
    if score == .sigmoid { builder.add("logit_bias", [], .logitBias) }
    parameters = builder.parameters
  }

  /// Nil where there is no scale.
  public var scoreKind: Score.Kind? {
    var kind: Score.Kind?
    for parameter in parameters {
      switch parameter.role {
      case .logitScale: kind = kind ?? .softmax
      case .logitBias: kind = .sigmoid
      case .linear, .projection, .convolution, .tokenTable, .positions, .vector, .batchNorm: break
      }
    }
    return kind
  }

  /// The same list without some of its parameters.
  public func keeping(_ isKept: (Parameter) -> Bool) -> ParameterSchema {
    ParameterSchema(parameters: parameters.filter(isKept))
  }

  private init(parameters: [Parameter]) { self.parameters = parameters }
}
