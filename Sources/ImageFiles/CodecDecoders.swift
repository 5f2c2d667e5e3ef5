internal import CImageCodecs
internal import Foundation

/// JPEG through libjpeg-turbo with its defaults (accurate integer DCT, fancy upsampling), like Pillow.
enum JPEGDecoder {
  static func header(
    _ bytes: Data, name: String, limits: ImageFiles.Limits
  ) throws(ImageFileError) -> ImageHeader {
    try codecHeader(bytes, name: name, limits: limits, cic_jpeg_read_header).header
  }

  static func decode(
    _ bytes: Data, name: String, limits: ImageFiles.Limits, reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    var image = try codecDecode(
      bytes, name: name, limits: limits, reusing: &memory, readHeader: cic_jpeg_read_header,
      decode: cic_jpeg_decode)
    image.orientation = RowCodec.jpeg.orientation(bytes)
    if RowCodec.jpeg.isInverted(image.mode) { image.invert() }
    return image
  }
}

extension DecodedImage {
  mutating func invert() {
    for index in samples.indices { samples[index] = ~samples[index] }
  }
}

/// PNG through libpng.
enum PNGDecoder {
  static func header(
    _ bytes: Data, name: String, limits: ImageFiles.Limits
  ) throws(ImageFileError) -> ImageHeader {
    try codecHeader(bytes, name: name, limits: limits, cic_png_read_header).header
  }

  static func decode(
    _ bytes: Data, name: String, limits: ImageFiles.Limits, reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    var image = try codecDecode(
      bytes, name: name, limits: limits, reusing: &memory, readHeader: cic_png_read_header,
      decode: cic_png_decode)
    image.orientation = RowCodec.png.orientation(bytes)
    image.transparency = try RowCodec.png.transparency(bytes, image.mode, name: name)
    return image
  }
}

typealias ReadHeader = (
  UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<cic_header>?, UnsafeMutablePointer<CChar>?
) -> cic_status

/// Reads the header and checks the limits.
func codecHeader(
  _ bytes: Data, name: String, limits: ImageFiles.Limits, _ readHeader: ReadHeader
) throws(ImageFileError) -> (header: ImageHeader, codec: cic_header) {
  var codec = cic_header()
  try checkCodec(name) { message in
    bytes.withUnsafeBytes {
      readHeader($0.bindMemory(to: UInt8.self).baseAddress, $0.count, &codec, message)
    }
  }
  let (width, height) = (Int(codec.width), Int(codec.height))
  try checkSize(width, height, fileByteCount: bytes.count, name: name, limits: limits)
  let header = ImageHeader(
    mode: DecodedImage.Mode(codec.layout), width: width, height: height,
    codecBytesPerPixel: Int(codec.working_bytes_per_pixel), hasRowsInOrder: codec.has_rows_in_order != 0)
  return (header, codec)
}

private func codecDecode(
  _ bytes: Data, name: String, limits: ImageFiles.Limits, reusing memory: inout [UInt8],
  readHeader: ReadHeader,
  decode: (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<CChar>?
  ) -> cic_status
) throws(ImageFileError) -> DecodedImage {
  let (header, codec) = try codecHeader(bytes, name: name, limits: limits, readHeader)
  let byteCount = header.sampleByteCount
  var samples = [UInt8]()
  try checkCodec(name) { message in
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
    mode: header.mode, width: header.width, height: header.height, samples: samples,
    palette: colors(of: codec))
}

/// `count` bytes that `fill` writes, in `memory` if it is large enough; empty if `fill` fails.
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

/// Runs one C call and converts its status to an error.
func checkCodec(
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
  case .CIC_TOO_MANY_SCANS: code = .tooManyScans
  case .CIC_NO_MEMORY: code = .noMemory
  }
  let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  throw ImageFileError(code, file: name, detail: text)
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

/// 256 colours: those of the file, then black, like Pillow.
func colors(of header: cic_header) -> [SIMD3<UInt8>] {
  guard header.layout == .CIC_PALETTE else { return [] }
  return withUnsafeBytes(of: header.palette) { bytes in
    (0..<256).map { index in
      index < Int(header.palette_count)
        ? SIMD3(bytes[3 * index], bytes[3 * index + 1], bytes[3 * index + 2]) : SIMD3(0, 0, 0)
    }
  }
}
