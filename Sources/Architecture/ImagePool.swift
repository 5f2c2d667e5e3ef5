/// How one token of the trunk's comes to stand for the image.
public enum ImagePool: Sendable, Equatable {
  /// The first token, after a LayerNorm.
  case classToken
  case attention(AttentionPool)

  /// Of the attention of the pool itself; a pool without one ignores what is set.
  public var heads: Int? {
    get {
      switch self {
      case .classToken: nil
      case .attention(let pool): pool.heads
      }
    }
    set {
      switch self {
      case .classToken: break
      case .attention(var pool):
        pool.heads = newValue ?? pool.heads
        self = .attention(pool)
      }
    }
  }

  /// The token of the trunk that stands for the image; nil where all have a part in it.
  public var pooledToken: Int? {
    switch self {
    case .classToken: 0
    case .attention: nil
    }
  }
}

extension ImageTower {
  /// The stage that ends in the embedding, named for the module that makes it; nil where the pool's is the last one.
  public var projectionStage: StaticString? {
    switch pool {
    case .classToken: projection == nil ? nil : "visual.proj"
    case .attention: "visual.attnpool"
    }
  }
}
