/// Integers of a name and a flat index: splitmix64's output function on a counter, keyed by the name.
///
/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014; the key is FNV-1a of the name.
struct CounterStream {
  private let key: UInt64

  init(name: String) {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(SyntheticWeights.generator)/\(name)".utf8 {
      state = (state ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    key = state
  }

  /// 64 bits of a counter; flat index i has counter i + 1.
  @inline(__always)
  private func bits(_ counter: UInt64) -> UInt64 {
    var z = counter &* 0x9E37_79B9_7F4A_7C15 &+ key
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The sum of the two low 16-bit lanes minus its mean, in ±65535.
  @inline(__always)
  func tent(_ counter: UInt64) -> Int64 {
    let z = bits(counter)
    return Int64(truncatingIfNeeded: (z & 0xFFFF) &+ ((z >> 16) & 0xFFFF)) &- 65535
  }

  /// The sum of all four 16-bit lanes minus its mean, in ±131070.
  @inline(__always)
  func bell(_ counter: UInt64) -> Int64 {
    let z = bits(counter)
    let pairs = (z & 0x0000_FFFF_0000_FFFF) &+ ((z >> 16) & 0x0000_FFFF_0000_FFFF)
    return Int64(truncatingIfNeeded: (pairs &+ (pairs >> 32)) & 0x3_FFFF) &- 131070
  }

  /// A sum of six lanes, nearly normal, and two lanes that are independent of it.
  struct Dome {
    /// In ±196605.
    var value: Int64
    var chance: Int64
    var size: Int64
  }

  /// 2³² divided by the variance of a dome.
  static let domeInverseVariance: UInt64 = 2

  /// The bell of a counter plus the tent of a counter that no tensor reaches; the latter's upper lanes are free.
  @inline(__always)
  func dome(_ counter: UInt64) -> Dome {
    let second = counter &+ (1 << 40)
    let z = bits(second)
    return Dome(
      value: bell(counter) &+ tent(second), chance: Int64((z >> 32) & 0xFFFF), size: Int64(z >> 48))
  }
}

/// How to draw an element's integer.
enum Draw {
  case bell
  case tent
  /// A tent minus the previous one: a row of them nearly sums to zero.
  case difference

  /// 2³² divided by the variance.
  var inverseVariance: UInt64 {
    switch self {
    case .bell, .difference: 3
    case .tent: 6
    }
  }
}

extension CounterStream {
  /// The values of flat indices `first` ..< `first + output.count`.
  func fill(_ output: UnsafeMutableBufferPointer<Float>, from first: Int, draw: Draw, scale: Scale) {
    let start = UInt64(first) + 1
    switch draw {
    case .bell:
      for index in 0..<output.count {
        output[index] = scale.value(bell(start &+ UInt64(truncatingIfNeeded: index)))
      }
    case .tent:
      for index in 0..<output.count {
        output[index] = scale.value(tent(start &+ UInt64(truncatingIfNeeded: index)))
      }
    case .difference:
      var before = tent(start &- 1)
      for index in 0..<output.count {
        let current = tent(start &+ UInt64(truncatingIfNeeded: index))
        output[index] = scale.value(current &- before)
        before = current
      }
    }
  }
}
