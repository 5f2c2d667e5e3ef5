/// Pillow's `convert("RGB")`.
extension DecodedImage {
  public func rgb() -> RGBImage {
    let count = width * height
    var pixels = [UInt8]()
    if mode != .rgb { pixels.reserveCapacity(3 * count) }
    switch mode {
    case .rgb:
      pixels = samples
    case .grey, .bilevel:
      for value in samples { pixels.append(grey: value) }
    case .greyAlpha:
      for pixel in 0..<count { pixels.append(grey: samples[2 * pixel]) }
    case .rgba:
      for pixel in 0..<count { pixels.append(contentsOf: samples[4 * pixel..<4 * pixel + 3]) }
    case .palette:
      for index in samples {
        let color = palette[Int(index)]
        pixels.append(color.x)
        pixels.append(color.y)
        pixels.append(color.z)
      }
    case .cmyk:
      for pixel in 0..<count { pixels.append(inks: samples[4 * pixel..<4 * pixel + 4]) }
    case .grey16:
      // Clipped, not scaled: any value above 255 is white.
      for pixel in 0..<count { pixels.append(grey: samples[2 * pixel + 1] > 0 ? 255 : samples[2 * pixel]) }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}

extension [UInt8] {
  fileprivate mutating func append(grey value: UInt8) {
    append(value)
    append(value)
    append(value)
  }

  /// Each colour is 255 minus the black ink, minus the part of it that the colour's own ink absorbs.
  fileprivate mutating func append(inks: ArraySlice<UInt8>) {
    let light = 255 - inks[inks.startIndex + 3]
    for ink in inks.prefix(3) { append(light - multiplied(ink, light)) }
  }
}

/// a · b / 255, rounded like Pillow, which does not divide.
func multiplied(_ a: UInt8, _ b: UInt8) -> UInt8 {
  let product = Int(a) * Int(b) + 128
  return UInt8((product + product >> 8) >> 8)
}
