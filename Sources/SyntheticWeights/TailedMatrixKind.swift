/// The linear layers of a transformer's block, and the statistics of their weights in the profile `tails`.
enum TailedMatrixKind {
  case inputProjection
  case outputProjection
  case expansion
  case contraction

  init?(_ path: NamePath) {
    let patterns: [(String, Self)] = [
      ("resblocks.#.attn.in_proj_weight", .inputProjection),
      ("resblocks.#.attn.out_proj.weight", .outputProjection),
      ("resblocks.#.mlp.c_fc.weight", .expansion),
      ("resblocks.#.mlp.c_proj.weight", .contraction),
    ]
    guard let match = patterns.first(where: { path.ends(with: $0.0) }) else { return nil }
    self = match.1
  }

  /// Standard deviation of the scales' logarithms, in units of 1/256.
  var rowDeviation: Int64 {
    switch self {
    case .inputProjection: 31
    case .outputProjection: 77
    case .expansion, .contraction: 51
    }
  }

  /// One for each part: the query, key and value of `in_proj_weight` are three matrices.
  var columnDeviations: [Int64] {
    switch self {
    case .inputProjection: [26, 26, 51]
    case .outputProjection, .expansion: [26]
    case .contraction: [44]
    }
  }

  var loudestRow: Int64? { self == .contraction ? LogNormal.one * 9 / 2 : nil }

  var loudestColumn: Int64? { self == .contraction ? LogNormal.one * 27 / 10 : nil }

  /// Queries and keys: attention is sharper than that of plain weights.
  func doublesRow(_ row: Int, of height: Int) -> Bool { self == .inputProjection && row < 2 * height / 3 }

  /// Probability of an outlier, in 1/65536.
  var outlierChance: Int64 { self == .contraction ? 800 : 2 }

  /// In standard deviations.
  var largestOutlier: Int64 { self == .contraction ? 39 : 16 }

  /// Outliers are in the rows whose number modulo this is a quarter of it.
  var outlierPeriod: Int { self == .contraction ? 32 : 1 }

  /// Whether two hidden units have large weights for the spikes, so that they are far louder than all others.
  var hasDetectors: Bool { self == .expansion }

  /// Values are multiplied by this power of two.
  var power: Int {
    switch self {
    case .inputProjection, .outputProjection: 0
    case .expansion: -1
    case .contraction: 1
    }
  }
}
