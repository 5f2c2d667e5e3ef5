internal import CWebP
internal import Foundation

/// WebP through libwebp: RGB, or RGBA if the file has alpha. Animations are not supported.
enum WebPDecoder {
  /// Bytes that libwebp holds per pixel: all of a lossless image, or the alpha channel.
  private static let codecBytesPerPixel = 4

  static func header(
    _ bytes: Data, name: String, limits: ImageFiles.Limits
  ) throws(ImageFileError) -> ImageHeader {
    var features = WebPBitstreamFeatures()
    let status = bytes.withUnsafeBytes {
      WebPGetFeatures($0.bindMemory(to: UInt8.self).baseAddress, $0.count, &features)
    }
    try check(status, name: name)
    guard features.has_animation == 0 else {
      throw ImageFileError(.unsupported, file: name, detail: "it is an animated WebP")
    }
    let (width, height) = (Int(features.width), Int(features.height))
    // A WebP of one colour has few bytes regardless of its size, so it need not be truncated.
    try checkSize(
      width, height, fileByteCount: bytes.count, isBoundByBytes: false, name: name, limits: limits)
    return ImageHeader(
      mode: features.has_alpha != 0 ? .rgba : .rgb, width: width, height: height,
      codecBytesPerPixel: codecBytesPerPixel, hasRowsInOrder: false)
  }

  static func decode(
    _ bytes: Data, name: String, limits: ImageFiles.Limits
  ) throws(ImageFileError) -> DecodedImage {
    let header = try header(bytes, name: name, limits: limits)
    let samples = try samples(
      bytes, name: name, mode: header.mode, width: header.width, height: header.height)
    return DecodedImage(
      mode: header.mode, width: header.width, height: header.height, samples: samples,
      orientation: EmbeddedMetadata.ofWebP(bytes).orientation)
  }

  private static func samples(
    _ bytes: Data, name: String, mode: DecodedImage.Mode, width: Int, height: Int
  ) throws(ImageFileError) -> [UInt8] {
    let rowBytes = width * mode.bytesPerPixel
    var isComplete = false
    let samples = [UInt8](unsafeUninitializedCapacity: rowBytes * height) { output, count in
      isComplete = bytes.withUnsafeBytes { input in
        let start = input.bindMemory(to: UInt8.self).baseAddress
        let into = mode == .rgba ? WebPDecodeRGBAInto : WebPDecodeRGBInto
        return into(start, input.count, output.baseAddress, output.count, Int32(rowBytes)) != nil
      }
      count = isComplete ? rowBytes * height : 0
    }
    guard isComplete else {
      throw ImageFileError(.undecodable, file: name, detail: "libwebp found its data cut off or corrupt")
    }
    return samples
  }

  private static func check(_ status: VP8StatusCode, name: String) throws(ImageFileError) {
    switch status {
    case VP8_STATUS_OK: return
    case VP8_STATUS_NOT_ENOUGH_DATA:
      throw ImageFileError(.truncated, file: name, detail: "its header is incomplete")
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      throw ImageFileError(.unsupported, file: name, detail: "libwebp does not support its features")
    default:
      throw ImageFileError(.undecodable, file: name, detail: "libwebp refused its header")
    }
  }
}
