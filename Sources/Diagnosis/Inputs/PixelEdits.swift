internal import ImageFiles

extension ImageRecipe.Color {
  func applied(to image: RGBImage) -> RGBImage {
    var result = image
    switch self {
    case .rgb: break
    case .bgr:
      for pixel in 0..<image.width * image.height { result.pixels.swapAt(3 * pixel, 3 * pixel + 2) }
    case .grey:
      for pixel in 0..<image.width * image.height {
        let level = image.luma(at: pixel)
        for channel in 0..<3 { result.pixels[3 * pixel + channel] = level }
      }
    }
    return result
  }
}

extension RGBImage {
  /// Pillow's `convert("L")`.
  fileprivate func luma(at pixel: Int) -> UInt8 {
    let shares = [19_595, 38_470, 7_471]  // of 65,536
    var sum = 0x8000
    for (channel, share) in shares.enumerated() { sum += share * Int(pixels[3 * pixel + channel]) }
    return UInt8(sum >> 16)
  }

  /// The largest square in the middle.
  func centreSquare() -> RGBImage {
    let side = min(width, height)
    let (left, top) = ((width - side) / 2, (height - side) / 2)
    var rows: [UInt8] = []
    rows.reserveCapacity(3 * side * side)
    for y in top..<top + side {
      let start = 3 * (y * width + left)
      rows += pixels[start..<start + 3 * side]
    }
    return RGBImage(width: side, height: side, pixels: rows)
  }

  /// The image in the middle of a square of one level.
  func padded(with level: UInt8) -> RGBImage {
    let side = max(width, height)
    let (left, top) = ((side - width) / 2, (side - height) / 2)
    var square = [UInt8](repeating: level, count: 3 * side * side)
    for y in 0..<height {
      let start = 3 * ((top + y) * side + left)
      square.replaceSubrange(start..<start + 3 * width, with: pixels[3 * y * width..<3 * (y + 1) * width])
    }
    return RGBImage(width: side, height: side, pixels: square)
  }
}

extension DecodedImage {
  /// 16-bit grey as the 8 high bits.
  func withHighBytes() -> DecodedImage {
    DecodedImage(
      mode: .grey, width: width, height: height,
      samples: (0..<width * height).map { samples[2 * $0 + 1] })
  }

  /// Composited on black; unchanged without an alpha channel.
  func onBlack() -> RGBImage {
    var image = rgb()
    let hasAlpha =
      switch mode {
      case .rgba, .greyAlpha: true
      case .grey, .rgb, .cmyk, .palette, .bilevel, .grey16: false
      }
    guard hasAlpha else { return image }
    for pixel in 0..<width * height {
      let alpha = Int(samples[(pixel + 1) * mode.bytesPerPixel - 1])
      for index in 3 * pixel..<3 * pixel + 3 {
        image.pixels[index] = UInt8((Int(image.pixels[index]) * alpha + 127) / 255)
      }
    }
    return image
  }
}
