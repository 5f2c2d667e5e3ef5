/// How the trunk's tokens become one token that represents the image.
public enum ImagePool: Sendable, Equatable {
  /// The first token, after a LayerNorm.
  case classToken
  case attention(AttentionPool)
  case probe(ProbePool)

  /// Heads of the attention pooling. A pool without attention returns nil and ignores assignments.
  public var heads: Int? {
    get {
      switch self {
      case .classToken: nil
      case .attention(let pool): pool.heads
      case .probe(let pool): pool.heads
      }
    }
    set {
      switch self {
      case .classToken: break
      case .attention(var pool):
        pool.heads = newValue ?? pool.heads
        self = .attention(pool)
      case .probe(var pool):
        pool.heads = newValue ?? pool.heads
        self = .probe(pool)
      }
    }
  }

  /// The token of the trunk that represents the image; nil if all tokens contribute.
  public var pooledToken: Int? {
    switch self {
    case .classToken: 0
    case .attention, .probe: nil
    }
  }
}

extension ImageTower {
  /// The stage whose output is the embedding, named after its module; nil if the pool's output is the last one.
  public var projectionStage: StaticString? {
    switch pool {
    case .classToken: projection == nil ? nil : "visual.proj"
    case .attention, .probe: "visual.attnpool"
    }
  }
}
