public import Architecture

/// The generated inputs of the self-test. They are exact on every machine, so that only the computation can differ.
public enum SelfTestInput {
  /// Value `index` of the pixel tensor `[3, S, S]`: the top 24 bits of splitmix64(index) as a fraction, mapped to −2
  /// ≤ x < 2. The normalized pixels of every CLIP model cover this range.
  public static func pixel(_ index: Int) -> Float {
    let fraction = Float(splitmix64(UInt64(index)) >> 40)  // below 2^24: exact
    return fraction * 0x1p-22 - 2
  }

  /// Start of text, up to 14 pseudo-random ids, end of text (or the id that the tower pools at); pseudo-random ids at
  /// every position of a tower that attends to all of them.
  public static func ids(_ tower: TextTower) -> [Int32] {
    (0..<idCount(tower)).map { id($0, tower) }
  }

  /// At most the tower's context length.
  public static func idCount(_ tower: TextTower) -> Int {
    tower.attendsPads ? tower.contextLength : min(14, tower.contextLength - 2) + 2
  }

  /// The id at a position below `idCount`.
  public static func id(_ position: Int, _ tower: TextTower) -> Int32 {
    let last = tower.pooledID ?? tower.vocabularySize - 1
    let first = tower.vocabularySize - 2
    if position == 0 { return Int32(first) }
    if position == idCount(tower) - 1 { return Int32(last) }
    let id = Int(splitmix64(UInt64(position - 1) + 0x7465_7874) % UInt64(first))
    return Int32(id == last ? (id + 1) % first : id)
  }

  /// Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014.
  static func splitmix64(_ counter: UInt64) -> UInt64 {
    var z = counter &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
