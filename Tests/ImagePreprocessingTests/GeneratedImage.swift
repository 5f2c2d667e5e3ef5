/// The images of Fixtures/preprocessing/make_resizes.py. They are generated from their number, so that only hashes
/// are committed.
enum GeneratedImage {
  /// Bytes `[height, width, 3]`: noise; black and white noise; slanted waves; waves with inverted tiles and a noisy corner.
  static func pixels(_ number: Int, width: Int, height: Int) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          let bits = mixed(UInt64(number) << 32 &+ UInt64(pixels.count) &* 0x9E37_79B9_7F4A_7C15)
          let black = UInt8(bits >> 63) * 255
          switch number % 4 {
          case 0: pixels.append(UInt8(bits >> 56))
          case 1: pixels.append(black)
          case 2: pixels.append(wave(number, x, y, channel))
          default:
            let wave = wave(number, x, y, channel)
            let tiled = (x / 24 + y / 16) % 5 == channel ? 255 - wave : wave
            pixels.append(10 * x > 7 * width && 10 * y > 8 * height ? black : tiled)
          }
        }
      }
    }
    return pixels
  }

  private static func wave(_ number: Int, _ x: Int, _ y: Int, _ channel: Int) -> UInt8 {
    let phase = (x * (3 + channel + number % 7) + y * (5 + 2 * channel)) % 510
    return UInt8(phase <= 255 ? phase : 510 - phase)
  }

  /// SplitMix64's finalizer.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var x = value
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }
}
