/// Pillow's `alpha_composite` over white, then `convert("RGB")`.
extension DecodedImage {
  func onWhite() -> RGBImage {
    var image = rgb()
    guard mode.hasAlpha || transparency != nil else { return image }
    for pixel in 0..<width * height {
      let first = 3 * pixel
      let color = SIMD3(image.pixels[first], image.pixels[first + 1], image.pixels[first + 2])
      let alpha = alpha(at: pixel, color)
      guard alpha < 255 else { continue }
      for channel in 0..<3 { image.pixels[first + channel] = laidOnWhite(color[channel], alpha) }
    }
    return image
  }

  /// - Parameter color: the colour of the pixel, as 8-bit RGB.
  private func alpha(at pixel: Int, _ color: SIMD3<UInt8>) -> UInt8 {
    switch transparency {
    case .indices(let alphas): alphas[Int(samples[pixel])]
    case .color(let transparent): color == transparent ? 0 : 255
    case nil: samples[(pixel + 1) * mode.bytesPerPixel - 1]
    }
  }
}

extension DecodedImage.Mode {
  fileprivate var hasAlpha: Bool {
    switch self {
    case .rgba, .greyAlpha: true
    case .grey, .rgb, .cmyk, .palette, .bilevel, .grey16: false
    }
  }
}

/// Pillow's weights have 7 fractional bits, and it divides by 255 with shifts.
private func laidOnWhite(_ color: UInt8, _ alpha: UInt8) -> UInt8 {
  let sum = (Int(color) * Int(alpha) + 255 * (255 - Int(alpha))) << 7 + 0x4000
  return UInt8((sum >> 8 + sum) >> 15)
}
