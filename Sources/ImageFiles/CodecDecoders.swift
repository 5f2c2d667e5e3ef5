internal import CImageCodecs
internal import Foundation

/// JPEG through libjpeg-turbo with its defaults (accurate integer DCT, fancy upsampling), as Pillow does.
enum JPEGDecoder {
  static func decode(
    _ bytes: Data, name: String, limits: ImageFiles.Limits, reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    var image = try codecDecode(
      bytes, name: name, limits: limits, reusing: &memory, readHeader: cic_jpeg_read_header,
      decode: cic_jpeg_decode)
    image.orientation = EmbeddedMetadata.ofJPEG(bytes).orientation
    // Adobe's programs store inks inverted; Pillow inverts every four-component JPEG.
    if image.mode == .cmyk {
      for index in image.samples.indices { image.samples[index] = ~image.samples[index] }
    }
    return image
  }
}

/// PNG through libpng.
enum PNGDecoder {
  static func decode(
    _ bytes: Data, name: String, limits: ImageFiles.Limits, reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    var image = try codecDecode(
      bytes, name: name, limits: limits, reusing: &memory, readHeader: cic_png_read_header,
      decode: cic_png_decode)
    image.orientation = EmbeddedMetadata.ofPNG(bytes).orientation
    image.transparency = try Transparency(png: bytes, mode: image.mode, name: name)
    return image
  }
}

private func codecDecode(
  _ bytes: Data, name: String, limits: ImageFiles.Limits, reusing memory: inout [UInt8],
  readHeader: (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<cic_header>?, UnsafeMutablePointer<CChar>?
  ) -> cic_status,
  decode: (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<CChar>?
  ) -> cic_status
) throws(ImageFileError) -> DecodedImage {
  var header = cic_header()
  try check(name) { message in
    bytes.withUnsafeBytes {
      readHeader($0.bindMemory(to: UInt8.self).baseAddress, $0.count, &header, message)
    }
  }
  let mode = DecodedImage.Mode(header.layout)
  let width = Int(header.width)
  let height = Int(header.height)
  try checkSize(width, height, fileByteCount: bytes.count, name: name, limits: limits)
  let byteCount = width * height * mode.bytesPerPixel
  var samples = [UInt8]()
  try check(name) { message in
    var status = cic_status.CIC_OK
    samples = filled(byteCount, reusing: &memory) { output in
      status = bytes.withUnsafeBytes {
        decode($0.bindMemory(to: UInt8.self).baseAddress, $0.count, output.baseAddress, byteCount, message)
      }
      return status == .CIC_OK
    }
    return status
  }
  return DecodedImage(
    mode: mode, width: width, height: height, samples: samples, palette: palette(of: header))
}

/// `count` bytes that `fill` writes, in `memory` where it is large enough; empty if it does not succeed.
private func filled(
  _ count: Int, reusing memory: inout [UInt8], _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Bool
) -> [UInt8] {
  guard memory.capacity >= count else {
    return [UInt8](unsafeUninitializedCapacity: count) { output, initializedCount in
      initializedCount = fill(output) ? count : 0
    }
  }
  var bytes = memory
  memory = []
  bytes.removeLast(max(0, bytes.count - count))
  bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
  let isFilled = bytes.withUnsafeMutableBufferPointer { fill($0) }
  return isFilled ? bytes : []
}

/// Runs one call into C and turns its verdict into an error.
private func check(
  _ name: String, _ call: (UnsafeMutablePointer<CChar>?) -> cic_status
) throws(ImageFileError) {
  var message = [CChar](repeating: 0, count: Int(CIC_MESSAGE_BYTES))
  let status = message.withUnsafeMutableBufferPointer { call($0.baseAddress) }
  let code: ImageFileError.Code
  switch status {
  case .CIC_OK: return
  case .CIC_TRUNCATED: code = .truncated
  case .CIC_UNSUPPORTED: code = .unsupported
  case .CIC_UNDECODABLE, .CIC_TOO_SMALL: code = .undecodable
  }
  let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  throw ImageFileError(code, file: name, detail: text)
}

/// No codec here packs more than this many pixels into a byte (deflate at its best, on 1-bit samples): a file that
/// claims more is cut off, and memory for its claim is never asked for.
private let maximumPixelsPerByte = 8 * 1032

func checkSize(
  _ width: Int, _ height: Int, fileByteCount: Int, name: String, limits: ImageFiles.Limits
) throws(ImageFileError) {
  let (pixelCount, overflow) = width.multipliedReportingOverflow(by: height)
  guard width > 0, height > 0 else {
    throw ImageFileError(.undecodable, file: name, detail: "its size is \(width)×\(height)")
  }
  guard !overflow, pixelCount <= limits.maximumPixelCount else {
    let detail = "\(width)×\(height) pixels, at most \(limits.maximumPixelCount) are read"
    throw ImageFileError(.tooLarge, file: name, detail: detail)
  }
  guard pixelCount / maximumPixelsPerByte <= fileByteCount else {
    let detail = "\(fileByteCount) bytes cannot hold \(width)×\(height) pixels"
    throw ImageFileError(.truncated, file: name, detail: detail)
  }
}

extension DecodedImage.Mode {
  fileprivate init(_ layout: cic_layout) {
    self =
      switch layout {
      case .CIC_GRAY: .grey
      case .CIC_GRAY_ALPHA: .greyAlpha
      case .CIC_RGB: .rgb
      case .CIC_RGBA: .rgba
      case .CIC_CMYK: .cmyk
      case .CIC_PALETTE: .palette
      case .CIC_BILEVEL: .bilevel
      case .CIC_GRAY_16: .grey16
      }
  }
}

/// 256 colours: those of the file, then black as Pillow has it.
private func palette(of header: cic_header) -> [SIMD3<UInt8>] {
  guard header.layout == .CIC_PALETTE else { return [] }
  return withUnsafeBytes(of: header.palette) { bytes in
    (0..<256).map { index in
      index < Int(header.palette_count)
        ? SIMD3(bytes[3 * index], bytes[3 * index + 1], bytes[3 * index + 2]) : SIMD3(0, 0, 0)
    }
  }
}
