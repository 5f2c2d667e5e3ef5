/// Flat indices whose values have another scale.
struct Edit {
  var indices: EditedIndices
  var scale: Scale
}

/// Flat indices of complete rows or columns of a tensor.
enum EditedIndices {
  /// `length` indices from each multiple of `length`; single elements have length 1.
  case rows([Int], length: Int)
  case columns([Int], width: Int)

  /// Calls `body` with the stretches of consecutive indices inside `range`.
  func forEachRun(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
    guard !range.isEmpty else { return }
    switch self {
    case .rows(let rows, let length):
      for row in rows {
        let run = (row * length..<(row + 1) * length).clamped(to: range)
        if !run.isEmpty { body(run) }
      }
    case .columns(let columns, let width):
      for row in range.lowerBound / width...(range.upperBound - 1) / width {
        for column in columns where range.contains(row * width + column) {
          body(row * width + column..<row * width + column + 1)
        }
      }
    }
  }
}

extension SyntheticWeights.Profile {
  /// The changes of this profile in a tensor; a later edit overrides earlier ones.
  func edits(of path: NamePath, shape: [Int], rule: Rule) -> [Edit] {
    switch self {
    case .plain: []
    case .channels(let loudness): Self.channels(path, shape, rule, times: loudness.rawValue)
    case .sink: Self.sink(path, shape, rule)
    case .tails: Tails.edits(of: path, shape: shape)
    }
  }

  /// The power of two by which this profile multiplies the values of a tensor.
  func power(of path: NamePath) -> Int {
    switch self {
    case .plain, .channels, .sink: 0
    case .tails: Tails.power(of: path)
    }
  }

  /// The four loud channels of the profiles, the same in every block of a tower.
  static func loudChannels(_ width: Int) -> [Int] {
    (0..<4).map { width * (2 * $0 + 1) / 8 + $0 }
  }

  /// Gain and bias of a layer norm × factor, the next linear's columns ÷ factor.
  private static func channels(_ path: NamePath, _ shape: [Int], _ rule: Rule, times factor: Int) -> [Edit] {
    let norms = ["ln_1", "ln_2", "ln_post", "ln_final"].flatMap { ["\($0).weight", "\($0).bias"] }
    if norms.contains(where: path.ends(with:)) {
      return [Edit(indices: .rows(loudChannels(shape[0]), length: 1), scale: rule.scale(times: factor))]
    }
    if path.ends(with: "in_proj_weight") || path.ends(with: "c_fc.weight") {
      let columns = EditedIndices.columns(loudChannels(shape[1]), width: shape[1])
      return [Edit(indices: columns, scale: rule.scale(dividedBy: factor))]
    }
    if path.name == "visual.proj" || path.name == "text_projection" {
      let rows = EditedIndices.rows(loudChannels(shape[0]), length: shape[1])
      return [Edit(indices: rows, scale: rule.scale(dividedBy: factor))]
    }
    return []
  }

  /// One token whose residual stream consists almost only of two spikes: start of text, and the first patch.
  private static func sink(_ path: NamePath, _ shape: [Int], _ rule: Rule) -> [Edit] {
    let zero = Scale.constant(0)
    switch path.name {
    case "token_embedding.weight":
      let startOfText = (shape[0] - 2) * shape[1]
      let spikes = twoChannels(shape[1]).map { startOfText + $0 }
      return [Edit(indices: .rows(spikes, length: 1), scale: .constant(256))]
    case "visual.class_embedding":
      return [Edit(indices: .rows(twoChannels(shape[0]), length: 1), scale: zero)]
    case "visual.positional_embedding":
      let channels = twoChannels(shape[1])
      return [
        Edit(indices: .columns(channels, width: shape[1]), scale: zero),
        Edit(indices: .rows(channels.map { shape[1] + $0 }, length: 1), scale: .constant(64)),
      ]
    case "visual.conv1.weight" where shape.last.map({ $0 > 3 }) == true:  // a patch embedding, not a stem
      let patch = shape.dropFirst().reduce(1, *)
      return [Edit(indices: .rows(twoChannels(shape[0]), length: patch), scale: zero)]
    case "visual.ln_pre.weight":
      return [Edit(indices: .rows(twoChannels(shape[0]), length: 1), scale: rule.scale(times: 32))]
    default:
      return []
    }
  }

  private static func twoChannels(_ width: Int) -> [Int] { Array(loudChannels(width).prefix(2)) }
}
