/// Settings that weights do not determine but an exported graph shows. All layers of a tower agree.
public struct GraphFacts: Sendable, Equatable {
  public enum Activation: Sendable, Equatable {
    /// x · sigmoid(1.702 x)
    case quickGELU
    /// Through the error function.
    case gelu
    /// Through the hyperbolic tangent.
    case geluTanh
  }

  /// The token whose row represents a text.
  public enum TextPooling: Sendable, Equatable {
    /// The first of the highest id.
    case highestID
    /// The first of this id, or the first position if there is none.
    case firstID(Int)
  }

  public struct Tower: Sendable, Equatable {
    /// Activation of the MLPs; nil for a ResNet.
    public var activation: Activation?
    /// Epsilon of LayerNorm or BatchNorm.
    public var epsilon: Float?
    public var heads: Int?
    /// Pooling of the text tower.
    public var pooling: TextPooling?
  }

  public var image = Tower()
  public var text = Tower()

  public init() {}
}
