/// One canonical tensor: OpenAI's state-dict name, its shape in OpenAI's layout, and its role.
public struct Parameter: Sendable, Equatable {
  public var name: ParameterName
  /// Row-major extents, slowest axis first.
  public var shape: [Int]
  public var role: Role
  /// The tower that the tensor belongs to; nil for the score's scale and bias, which belong to neither.
  public var tower: Tower?

  /// The role of a tensor, which decides how a bundle stores it.
  public enum Role: Sendable, Equatable {
    /// `[N, K]`, y = W·x.
    case linear(after: Producer?)
    /// `[K, N]`, y = x·W: OpenAI's `proj` and `text_projection`.
    case projection(after: Producer)
    /// `[N, C, H, W]`, no bias.
    case convolution
    /// `[vocabulary, width]`, looked up by id.
    case tokenTable
    /// `[tokens, width]`.
    case positions
    /// `[N]`: a bias, a LayerNorm gain or bias, the class embedding.
    case vector
    /// `[N]`: one of a BatchNorm's four tensors.
    case batchNorm(BatchNormPart, of: BatchNorm)
    /// `[]`, a natural logarithm.
    case logitScale
    /// `[]`, added to the scaled cosine.
    case logitBias
  }

  /// Produces the input of a linear layer, with only a sum over positions in between: a LayerNorm, or the values of
  /// an attention. Dividing its channels and multiplying the layer's columns by the same factors changes nothing.
  /// Holds indices into the schema.
  public struct Producer: Sendable, Equatable {
    /// The gain and bias of a LayerNorm, or the weights and biases that compute the values.
    public var weight, bias: Int
    /// The row of `weight` (element of `bias`) that produces the first input.
    public var firstRow = 0
  }

  /// The four tensors of a BatchNorm, as indices into the schema.
  public struct BatchNorm: Sendable, Equatable {
    public var gain, bias, runningMean, runningVariance: Int
  }

  public enum BatchNormPart: Sendable, Equatable {
    case gain, bias, runningMean, runningVariance
  }

  /// The axis of the outputs of a matrix, and of the rows of a table.
  public var outputAxis: Int {
    switch role {
    case .projection: 1
    case .linear, .convolution, .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias: 0
    }
  }

  /// Number of elements. The product cannot overflow, because the extents of an architecture are bounded.
  public var elementCount: Int { shape.reduce(1, *) }
}

/// Every tensor of an architecture in a fixed order: image tower, text tower, score.
///
/// This list drives shape checks, missing and unexpected reports, identity digests, synthetic weights, the bundle's
/// file order and the documentation.
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

  /// Nil if there is no scale.
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
}
