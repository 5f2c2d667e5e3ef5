/// What the beginning of an image file tells.
public struct ImageHeader: Equatable, Sendable {
  public var mode: DecodedImage.Mode
  /// In pixels.
  public var width: Int
  public var height: Int
  /// What the codec holds of each pixel beside the samples that it gives.
  var codecBytesPerPixel: Int

  public var pixelCount: Int { width * height }
  var sampleByteCount: Int { pixelCount * mode.bytesPerPixel }

  /// The most memory that decoding and then `prepared` take at once: the codec's and the samples, or the samples, a
  /// transformed copy of them (turned upright, or premultiplied) and the RGB image where it is another.
  public var workingByteCount: Int {
    let rgbBytesPerPixel = mode == .rgb ? 0 : 3
    return pixelCount
      * max(codecBytesPerPixel + mode.bytesPerPixel, 2 * mode.bytesPerPixel + rgbBytesPerPixel)
  }
}
