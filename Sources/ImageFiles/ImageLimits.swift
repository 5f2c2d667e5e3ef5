extension ImageFiles {
  /// Limits on the resources for an image, checked before it is decoded.
  public struct Limits: Sendable {
    /// Pixels of an image.
    public var maximumPixelCount: Int

    /// - Parameter megapixels: millions of pixels of an image; at least 1.
    public init(megapixels: Int = Self.defaultMegapixels) {
      let (count, overflow) = megapixels.multipliedReportingOverflow(by: 1_000_000)
      maximumPixelCount = overflow ? .max : count
    }

    /// More than almost all cameras of 2026 produce.
    public static let defaultMegapixels = 128

    /// Pixels per side, at most what the runtime accepts.
    static let maximumSide = 65_536

    /// Bytes of a file, more than any image within the default limits has.
    var maximumFileByteCount: Int { 1 << 30 }

    /// The most pixels for a file of this many bytes. A quarter of the limit is always allowed. Beyond it, a file
    /// with more than 64 pixels per byte is not a photograph but a small file that would need gigabytes.
    func maximumPixelCount(fileByteCount: Int) -> Int {
      let (earned, overflow) = fileByteCount.multipliedReportingOverflow(by: Self.maximumPixelsPerByte)
      return min(maximumPixelCount, max(maximumPixelCount / Self.freeFraction, overflow ? .max : earned))
    }

    private static let freeFraction = 4
    private static let maximumPixelsPerByte = 64

    /// The megapixel limit that accepts an image.
    static func megapixels(admitting pixelCount: Int, fileByteCount: Int) -> Int {
      let megapixels = (pixelCount + 999_999) / 1_000_000
      return pixelCount / maximumPixelsPerByte < fileByteCount ? megapixels : megapixels * freeFraction
    }
  }
}

/// No codec except WebP packs more than this many pixels into a byte (deflate at its best, on 1-bit samples), so a
/// file that claims more is truncated.
private let maximumPixelsPerByte = 8 * 1032

/// Compares the size in a header with the limits and with the file's size.
func checkSize(
  _ width: Int, _ height: Int, fileByteCount: Int, isBoundByBytes: Bool = true, name: String,
  limits: ImageFiles.Limits
) throws(ImageFileError) {
  guard width > 0, height > 0 else {
    throw ImageFileError(.undecodable, file: name, detail: "its size is \(width)×\(height)")
  }
  guard max(width, height) <= ImageFiles.Limits.maximumSide else {
    throw ImageFileError(
      .tooLarge, file: name,
      detail: "\(width)×\(height) pixels, expected at most \(ImageFiles.Limits.maximumSide) on each side")
  }
  let pixelCount = width * height
  guard !isBoundByBytes || pixelCount / maximumPixelsPerByte <= fileByteCount else {
    throw ImageFileError(
      .truncated, file: name, detail: "\(fileByteCount) bytes cannot hold \(width)×\(height) pixels")
  }
  let allowed = limits.maximumPixelCount(fileByteCount: fileByteCount)
  guard pixelCount <= allowed else {
    throw ImageFileError(
      .tooLarge, file: name,
      detail: "\(width)×\(height) pixels, expected at most \(allowed / 1_000_000) megapixels"
        + (allowed < limits.maximumPixelCount ? " in a file of \(fileByteCount) bytes" : ""),
      megapixels: ImageFiles.Limits.megapixels(admitting: pixelCount, fileByteCount: fileByteCount))
  }
}
