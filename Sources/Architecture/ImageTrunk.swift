/// The part of the image tower that turns pixels into tokens.
public enum ImageTrunk: Sendable, Equatable {
  case patches(PatchTrunk)
  case resNet(ResNetTrunk)

  /// Channels of each token.
  public var width: Int {
    switch self {
    case .patches(let trunk): trunk.stack.width
    case .resNet(let trunk): trunk.outputWidth
    }
  }

  public func tokenCount(imageSize: Int) -> Int {
    switch self {
    case .patches(let trunk): trunk.tokenCount(imageSize: imageSize)
    case .resNet(let trunk): trunk.tokenCount(imageSize: imageSize)
    }
  }

  /// Pixels along each side of a patch; nil for a trunk without patches.
  public var patchSize: Int? {
    switch self {
    case .patches(let trunk): trunk.patchSize
    case .resNet: nil
    }
  }

  /// The transformer. A trunk without one returns nil and ignores assignments.
  public var stack: TransformerStack? {
    get {
      switch self {
      case .patches(let trunk): trunk.stack
      case .resNet: nil
      }
    }
    set {
      switch self {
      case .patches(var trunk):
        trunk.stack = newValue ?? trunk.stack
        self = .patches(trunk)
      case .resNet: break
      }
    }
  }

  /// Added to the variance in every norm of the trunk.
  public var epsilon: Float {
    get {
      switch self {
      case .patches(let trunk): trunk.stack.epsilon
      case .resNet(let trunk): trunk.epsilon
      }
    }
    @inline(never)
    set {
      switch self {
      case .patches(var trunk):
        trunk.stack.epsilon = newValue
        self = .patches(trunk)
      case .resNet(var trunk):
        trunk.epsilon = newValue
        self = .resNet(trunk)
      }
    }
  }

  /// How 8-bit activations are scaled, which determines how their errors accumulate.
  public var activationScaling: ActivationScaling {
    switch self {
    case .patches: .perToken
    case .resNet(let trunk): .perMap(depth: trunk.depth)
    }
  }
}

/// How the activations of a trunk are scaled when they are rounded to 8 bits.
public enum ActivationScaling: Sendable, Equatable {
  /// One scale per token; the LayerNorms keep errors from growing.
  case perToken
  /// One scale per feature map; errors accumulate over the trunk's `depth` residual blocks.
  case perMap(depth: Int)
}

extension SchemaBuilder {
  mutating func add(_ tower: ImageTower) {
    self.tower = .image
    switch tower.trunk {
    case .patches(let trunk): add(trunk, tokenCount: tower.tokenCount)
    case .resNet(let trunk): add(trunk)
    }
    switch tower.pool {
    case .classToken:
      let norm = addLayerNorm(ParameterName("visual.ln_post"), tower.width)
      if let projection = tower.projection {
        add("visual.proj", [tower.width, projection], .projection(after: norm))
      }
    case .attention(let pool): add(pool, of: tower)
    case .probe(let pool): add(pool, of: tower)
    }
  }
}
