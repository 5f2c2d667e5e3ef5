/// The profile `tails`, apart from matrices: gains, spikes, and tensors that are plain ones times a power of two.
enum Tails {
  private static let loudestGain = LogNormal.one * 11 / 4
  private static let gainDeviation: Int64 = 46
  private static let spike: Int64 = 64

  /// Writes part of a matrix or a gain; false for any other tensor.
  static func fill(
    _ output: UnsafeMutableBufferPointer<Float>, _ path: NamePath, shape: [Int], rule: Rule, from first: Int
  ) -> Bool {
    if path.ends(with: "ln_*.weight") {
      fillGains(output, path, width: shape[0], from: first)
      return true
    }
    guard let matrix = TailedMatrix(path, shape: shape, rule: rule) else { return false }
    matrix.fill(output, from: first)
    return true
  }

  /// One token of each tower, start of text or the first patch, consists almost only of two spikes.
  static func edits(of path: NamePath, shape: [Int]) -> [Edit] {
    let row: Int
    switch path.name {
    case "token_embedding.weight": row = shape[0] - 2
    case "visual.positional_embedding": row = 1
    default: return []
    }
    let spikes = SyntheticWeights.Profile.loudChannels(shape[1]).prefix(2).map { row * shape[1] + $0 }
    return [Edit(indices: .rows(spikes, length: 1), scale: .constant(spike))]
  }

  /// The power of two by which plain values are multiplied: small biases and large embeddings keep inputs centred.
  static func power(of path: NamePath) -> Int {
    let biases = [
      "ln_*.bias", "attn.in_proj_bias", "attn.out_proj.bias", "mlp.c_fc.bias", "mlp.c_proj.bias",
    ]
    if biases.contains(where: path.ends(with:)) { return -3 }
    switch path.name {
    case "token_embedding.weight": return 2
    case "positional_embedding", "visual.positional_embedding": return 1
    default: return 0
    }
  }

  /// The gain of spikes is large before an MLP, and 1 before attention and projections, where other channels are loud.
  private static func fillGains(
    _ output: UnsafeMutableBufferPointer<Float>, _ path: NamePath, width: Int, from first: Int
  ) {
    let stream = CounterStream(name: path.name)
    let loud = SyntheticWeights.Profile.loudChannels(width)
    let spikesAreLoud = path.ends(with: "ln_2.weight") || path.ends(with: "ln_pre.weight")
    for index in 0..<output.count {
      let channel = first + index
      let gain: Int64 =
        switch loud.firstIndex(of: channel) {
        case .some(0), .some(1): spikesAreLoud ? loudestGain : LogNormal.one
        case .some where !spikesAreLoud: loudestGain
        case .some, .none:
          LogNormal.scale(stream, UInt64(channel) + 1, deviation: gainDeviation)
        }
      output[index] = Float(gain) / Float(LogNormal.one)
    }
  }
}
