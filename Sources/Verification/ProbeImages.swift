/// An image of interleaved 8-bit RGB, top row first.
public struct ProbeImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public let pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Image `seed`: two slow waves per channel, blocks of eight pixels and fine noise, all in integers, so that it is
  /// the same on every machine. No image is square, margins are odd, and edges move if a crop is off by one.
  static func generated(seed: Int, width: Int, height: Int) -> ProbeImage {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          let wave =
            triangle(x * (3 + channel + seed % 5), period: width * 2)
            + triangle(y * (5 - channel + seed % 3), period: height * 2)
          let block = hash(seed, channel, x / 8, y / 8) % 64
          let noise = hash(seed, channel + 3, x, y) % 32
          pixels.append(UInt8(truncatingIfNeeded: min(255, wave / 3 + block + noise)))
        }
      }
    }
    return ProbeImage(width: width, height: height, pixels: pixels)
  }

  /// 0…240, rising and falling once per period.
  private static func triangle(_ position: Int, period: Int) -> Int {
    let phase = position % period * 480 / period
    return phase < 240 ? phase : 480 - phase
  }

  private static func hash(_ seed: Int, _ channel: Int, _ x: Int, _ y: Int) -> Int {
    var state = UInt32(truncatingIfNeeded: seed &* 0x9E37 &+ channel)
    for part in [x, y] {
      state ^= UInt32(truncatingIfNeeded: part)
      state = (state ^ (state >> 16)) &* 0x7FEB_352D
      state = (state ^ (state >> 15)) &* 0x846C_A68B
    }
    return Int(state ^ (state >> 16)) & 0xFFFF
  }
}
