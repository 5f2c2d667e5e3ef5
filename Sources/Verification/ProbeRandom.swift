/// Steele, Lea and Flood's generator: the same numbers on every machine.
package struct ProbeRandom {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// 0 ..< bound
  package mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) >> 33) % bound
  }

  /// −amplitude … amplitude
  mutating func within(_ amplitude: Int) -> Int { below(2 * amplitude + 1) - amplitude }
}
