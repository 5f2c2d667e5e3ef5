/// The properties in the beginning of an image file.
public struct ImageHeader: Equatable, Sendable {
  public var mode: DecodedImage.Mode
  /// In pixels.
  public var width: Int
  public var height: Int
  /// Bytes that the codec holds per pixel, in addition to the samples that it returns.
  var codecBytesPerPixel: Int
  /// Whether the codec decodes one row after the other.
  var hasRowsInOrder: Bool

  public var pixelCount: Int { width * height }
  var sampleByteCount: Int { pixelCount * mode.bytesPerPixel }

  /// The peak memory of decoding and then `prepared`: the codec's memory and the samples, or the samples, a
  /// transformed copy (rotated or premultiplied) and the RGB image if it is separate.
  public var workingByteCount: Int {
    let rgbBytesPerPixel = mode == .rgb ? 0 : 3
    return pixelCount
      * max(codecBytesPerPixel + mode.bytesPerPixel, 2 * mode.bytesPerPixel + rgbBytesPerPixel)
  }
}
