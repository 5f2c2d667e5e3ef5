/// The samples of an image file, not converted: Pillow's `Image` after `load()`.
///
/// Nothing is rotated. Published models were evaluated without EXIF orientation, so it is only reported.
public struct DecodedImage: Equatable, Sendable {
  /// Pillow's modes, which determine how an image is resized.
  public enum Mode: String, Sendable, CaseIterable {
    case grey = "L"
    case greyAlpha = "LA"
    case rgb = "RGB"
    case rgba = "RGBA"
    /// Printing inks, 255 for full ink.
    case cmyk = "CMYK"
    case palette = "P"
    /// One byte each, 0 or 255.
    case bilevel = "1"
    /// 16 bits per sample, little-endian.
    case grey16 = "I;16"

    public var bytesPerPixel: Int {
      switch self {
      case .grey, .palette, .bilevel: 1
      case .greyAlpha, .grey16: 2
      case .rgb: 3
      case .rgba, .cmyk: 4
      }
    }
  }

  public var mode: Mode
  /// In pixels.
  public var width: Int
  public var height: Int
  /// Interleaved samples, top row first, no gaps.
  public var samples: [UInt8]
  /// Red, green and blue of each index; 256 entries for `palette`, else none.
  public var palette: [SIMD3<UInt8>] = []
  /// For a mode without alpha channel.
  public var transparency: Transparency?
  /// EXIF orientation 2–8 if the file states it; nil if the image is upright or does not state one.
  public var orientation: Int?

  /// Samples from another source than a file: `width` · `height` · `mode.bytesPerPixel` of them.
  public init(
    mode: Mode, width: Int, height: Int, samples: [UInt8], palette: [SIMD3<UInt8>] = [],
    transparency: Transparency? = nil, orientation: Int? = nil
  ) {
    self.mode = mode
    self.width = width
    self.height = height
    self.samples = samples
    self.palette = palette
    self.transparency = transparency
    self.orientation = orientation
  }
}

/// 8-bit RGB, interleaved, top row first, no gaps.
public struct RGBImage: Equatable, Sendable {
  public var width: Int
  public var height: Int
  public var pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
