/// What an exported graph shows of the things that weights do not tell. All layers of a tower agree.
public struct GraphFacts: Sendable, Equatable {
  public enum Activation: Sendable, Equatable {
    /// x · sigmoid(1.702 x)
    case quickGELU
    /// Through the error function.
    case gelu
    /// Through the hyperbolic tangent.
    case geluTanh
  }

  /// Which token's row stands for a text.
  public enum TextPooling: Sendable, Equatable {
    /// The first of the highest id.
    case highestID
    /// The first of this id, or the first of all where there is none.
    case firstID(Int)
  }

  public struct Tower: Sendable, Equatable {
    /// Of the MLPs; nil in a ResNet.
    public var activation: Activation?
    /// Of LayerNorm, or of BatchNorm.
    public var epsilon: Float?
    public var heads: Int?
    /// Of the text tower.
    public var pooling: TextPooling?
  }

  public var image = Tower()
  public var text = Tower()

  public init() {}
}
