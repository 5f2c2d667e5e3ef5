public import Architecture
public import ImagePreprocessing

extension DecodedImage {
  /// 8-bit RGB from which `ImagePreprocessor` computes the same bytes as the original code computes from this image.
  ///
  /// OpenAI and open_clip resize an image in its stored mode and then convert it. For RGB and grey the order does not
  /// matter. So palettes, alpha, inks and 16 bits are resized and cropped here, to `imageSize` pixels per side, which
  /// the preprocessor then leaves unchanged. transformers converts before it resizes.
  public func prepared(for preprocessing: Preprocessing, imageSize: Int) throws(ImageFault) -> RGBImage {
    guard preprocessing.alpha == .drop else { return onWhite() }
    let geometry = CropGeometry(width: width, height: height, imageSize: imageSize, preprocessing)
    // torchvision does not change an image that already has its size.
    let keepsSize = geometry.resizedWidth == width && geometry.resizedHeight == height
    guard preprocessing.conversion == .afterResize, !keepsSize else { return rgb() }
    switch mode {
    case .rgb, .grey: return rgb()
    case .palette, .bilevel: return nearest(geometry, imageSize: imageSize).rgb()
    case .rgba, .greyAlpha:
      return try premultiplied().square(preprocessing, imageSize).unpremultiplied().rgb()
    case .cmyk: return try square(preprocessing, imageSize).rgb()
    case .grey16: return grey16Square(geometry, imageSize: imageSize, preprocessing.interpolation).rgb()
    }
  }

  /// The image with other samples, `imageSize` per side.
  func replacingSamples(_ samples: [UInt8], imageSize: Int) -> DecodedImage {
    var image = self
    image.width = imageSize
    image.height = imageSize
    image.samples = samples
    return image
  }

  /// Resizes and crops each channel separately.
  private func square(_ preprocessing: Preprocessing, _ imageSize: Int) throws(ImageFault) -> DecodedImage {
    let channelCount = mode.bytesPerPixel
    var scratch = ImagePreprocessor.Scratch(
      maximumWidth: width, maximumHeight: height, imageSize: imageSize, channelCount: channelCount)
    var output = [UInt8](repeating: 0, count: imageSize * imageSize * channelCount)
    let image = try ImageView(samples.span, width: width, height: height, channelCount: channelCount)
    var span = output.mutableSpan
    try ImagePreprocessor(preprocessing, imageSize: imageSize).crop(image, into: &span, scratch: &scratch)
    return replacingSamples(output, imageSize: imageSize)
  }

  /// Nearest neighbour, which Pillow always uses for palettes and 1-bit images.
  private func nearest(_ geometry: CropGeometry, imageSize: Int) -> DecodedImage {
    let columns = geometry.nearestColumns(width: width, imageSize: imageSize)
    let rows = geometry.nearestRows(height: height, imageSize: imageSize)
    var output = [UInt8]()
    output.reserveCapacity(imageSize * imageSize)
    for y in rows {
      for x in columns { output.append(samples[y * width + x]) }
    }
    return replacingSamples(output, imageSize: imageSize)
  }
}

extension CropGeometry {
  /// The source column of each column of the crop.
  func nearestColumns(width: Int, imageSize: Int) -> [Int] {
    nearestSources(ofInput: width, resizedTo: resizedWidth, from: left, count: imageSize)
  }

  /// The source row of each row of the crop.
  func nearestRows(height: Int, imageSize: Int) -> [Int] {
    nearestSources(ofInput: height, resizedTo: resizedHeight, from: top, count: imageSize)
  }
}

/// The input sample at the centre of each of `count` output samples. The position is a running sum, like in Pillow,
/// because its rounding decides ties. A long and narrow image has millions of samples outside the crop.
private func nearestSources(ofInput input: Int, resizedTo output: Int, from start: Int, count: Int) -> [Int] {
  let step = Double(input) / Double(output)
  var position = step * 0.5
  for _ in 0..<start { position += step }
  return (0..<count).map { _ in
    defer { position += step }
    return min(Int(position), input - 1)
  }
}

/// Pillow's "RGBa" and "La": colours times alpha, so that transparent pixels do not bleed.
extension DecodedImage {
  private func mapColors(_ transform: (_ color: UInt8, _ alpha: UInt8) -> UInt8) -> DecodedImage {
    var image = self
    let channels = mode.bytesPerPixel
    for pixel in 0..<width * height {
      let alpha = samples[pixel * channels + channels - 1]
      for index in pixel * channels..<(pixel + 1) * channels - 1 {
        image.samples[index] = transform(samples[index], alpha)
      }
    }
    return image
  }

  func premultiplied() -> DecodedImage {
    mapColors(multiplied)
  }

  func unpremultiplied() -> DecodedImage {
    mapColors { color, alpha in
      alpha == 0 || alpha == 255 ? color : UInt8(min(255, 255 * Int(color) / Int(alpha)))
    }
  }
}
