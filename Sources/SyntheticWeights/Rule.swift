/// The distribution of a tensor's values: around centre / 256, with variance `variance` / (2²⁴ · fanIn).
struct Rule {
  /// 0 is a constant.
  var variance: UInt64
  var centre: Int64 = 0
  var fanIn = 1
  /// At most eleven significant bits, so that FP16 represents every value exactly, as in OpenAI's files.
  var isHalf = false
  var draw = Draw.bell
}

extension Rule {
  /// The squares of these standard deviations, in units of 2⁻²⁴.
  private static let one: UInt64 = 1 << 24
  private static let half: UInt64 = 1 << 22
  private static let quarter: UInt64 = 1 << 20
  private static let eighth: UInt64 = 1 << 18
  private static let sixteenth: UInt64 = 1 << 16

  /// The first rule whose pattern matches the end of the name; nil for a name that no CLIP has.
  init?(_ path: NamePath, shape: [Int]) {
    for (patterns, kind) in Self.table where patterns.contains(where: path.ends(with:)) {
      self.init(kind, path, shape: shape)
      return
    }
    return nil
  }

  private enum Kind {
    case values(UInt64, centre: Int64 = 0, isHalf: Bool = false)
    /// A matrix [outputs, inputs] or filters [outputs, inputs, height, width].
    case weight(UInt64, draw: Draw = .tent)
    /// Twice the variance after a ReLU; 1 × 1 filters pass little of the common mean.
    case filters
    /// A matrix [inputs, outputs], multiplied from the right.
    case projection
    /// Running variance of a bottleneck's first BatchNorm: the trunk that it reads grows from block to block.
    case trunkVariance
  }

  private init(_ kind: Kind, _ path: NamePath, shape: [Int]) {
    switch kind {
    case .values(let variance, let centre, let isHalf):
      self.init(variance: variance, centre: centre, isHalf: isHalf)
    case .weight(let variance, let draw):
      self.init(variance: variance, fanIn: shape.dropFirst().reduce(1, *), isHalf: true, draw: draw)
    case .filters:
      let isPointwise = shape.dropFirst(2).elementsEqual([1, 1])
      self.init(.weight(2 * Self.one, draw: isPointwise ? .difference : .tent), path, shape: shape)
    case .projection:
      self.init(variance: Self.one, fanIn: shape.first ?? 1, isHalf: true, draw: .tent)
    case .trunkVariance:
      let growth = 4 + path.blockIndex
      let square = growth * growth
      self.init(variance: UInt64(square * square) << 12, centre: Int64(16 * square))
    }
  }

  /// Patterns in the syntax of `NamePath`, in order of precedence.
  private static let table: [(patterns: [String], kind: Kind)] = [
    (["logit_scale"], .values(0, centre: 1178)),
    // BatchNorm: the last one of a branch is small, so that the trunk grows slowly.
    (["layer#.0.bn1.running_var"], .values(half, centre: 512)),
    (["layer#.#.bn1.running_var"], .trunkVariance),
    (["downsample.1.running_var"], .values(half, centre: 512)),
    (["running_var"], .values(quarter, centre: 256)),
    (["running_mean"], .values(eighth)),
    (["layer#.#.bn3.weight"], .values(sixteenth, centre: 88)),
    (["layer#.#.bn3.bias"], .values(sixteenth, centre: -4)),
    (["bn#.weight", "downsample.1.weight"], .values(quarter, centre: 352)),
    (["bn#.bias", "downsample.1.bias"], .values(eighth, centre: -32)),
    // LayerNorm.
    (["ln_*.weight", "ln.weight"], .values(quarter, centre: 256)),
    (["ln_*.bias", "ln.bias"], .values(eighth)),
    // Tables.
    (["token_embedding.weight"], .values(quarter)),
    (["positional_embedding", "class_embedding", "probe"], .values(quarter)),
    // Matrices and filters.
    (["text_projection", "proj"], .projection),
    (["conv#.weight", "downsample.0.weight"], .filters),
    (["q_proj.weight", "k_proj.weight", "v_proj.weight"], .weight(one, draw: .difference)),
    (["in_proj_weight"], .weight(one / 2)),
    (["out_proj.weight"], .weight(one / 2)),
    (["mlp.c_proj.weight"], .weight(one / 8)),
    (["weight"], .weight(one)),
    (["bias", "in_proj_bias"], .values(eighth, isHalf: true)),
  ]
}
