internal import CImageCodecs
internal import Foundation

/// A library that decodes one row after the other.
enum RowCodec {
  case jpeg, png

  init?(_ format: ImageFormat) {
    switch format {
    case .jpeg: self = .jpeg
    case .png: self = .png
    case .webp, .other: return nil
    }
  }

  var readHeader: ReadHeader {
    switch self {
    case .jpeg: cic_jpeg_read_header
    case .png: cic_png_read_header
    }
  }

  /// - Parameter window: the needed columns; afterwards, those that rows have.
  func open(
    _ bytes: UnsafeBufferPointer<UInt8>, _ window: inout cic_window, _ rows: inout OpaquePointer?,
    _ message: UnsafeMutablePointer<CChar>?
  ) -> cic_status {
    switch self {
    case .jpeg: cic_jpeg_open(bytes.baseAddress, bytes.count, &window, &rows, message)
    case .png: cic_png_open(bytes.baseAddress, bytes.count, &rows, message)
    }
  }
}

extension RowCodec {
  /// The colours of a palette, of a file whose header is valid.
  func palette(_ bytes: Data) -> [SIMD3<UInt8>] {
    var header = cic_header()
    var message = [CChar](repeating: 0, count: Int(CIC_MESSAGE_BYTES))
    let status = bytes.withUnsafeBytes {
      readHeader($0.bindMemory(to: UInt8.self).baseAddress, $0.count, &header, &message)
    }
    return status == .CIC_OK ? colors(of: header) : []
  }

  /// The stored orientation, 2–8; nil for upright or absent.
  func orientation(_ bytes: Data) -> Int? {
    switch self {
    case .jpeg: EmbeddedMetadata.ofJPEG(bytes).orientation
    case .png: EmbeddedMetadata.ofPNG(bytes).orientation
    }
  }

  func transparency(
    _ bytes: Data, _ mode: DecodedImage.Mode, name: String
  ) throws(ImageFileError) -> Transparency? {
    switch self {
    case .jpeg: nil
    case .png: try Transparency(png: bytes, mode: mode, name: name)
    }
  }

  /// Whether samples are inverted: Adobe's programs store inks so, and Pillow inverts every four-component JPEG.
  func isInverted(_ mode: DecodedImage.Mode) -> Bool {
    switch self {
    case .jpeg: mode == .cmyk
    case .png: false
    }
  }
}

/// The rows of an image file, decoded in order.
struct CodecRows: ~Copyable {
  /// The columns that rows have.
  let columns: Range<Int>
  private let bytesPerPixel: Int
  private let name: String
  private let rows: OpaquePointer

  /// - Parameters:
  ///   - bytes: of the file; they stay valid as long as this value.
  ///   - width: of the decoded image.
  ///   - denominator: by which sides are divided: 1, 2, 4 or 8; 1 for PNG.
  ///   - needed: columns of the decoded image. Rows may have more.
  init(
    _ bytes: UnsafeBufferPointer<UInt8>, _ codec: RowCodec, width: Int, _ mode: DecodedImage.Mode,
    denominator: Int, needed: Range<Int>, name: String
  ) throws(ImageFileError) {
    self.name = name
    bytesPerPixel = mode.bytesPerPixel
    var window = cic_window(
      denominator: UInt32(denominator), first_column: UInt32(needed.lowerBound),
      column_count: UInt32(needed.count))
    var opened: OpaquePointer?
    try checkCodec(name) { codec.open(bytes, &window, &opened, $0) }
    guard let opened else { throw ImageFileError(.noMemory, file: name, detail: "no memory for the decoder") }
    rows = opened
    let first = Int(window.first_column)
    switch codec {
    case .jpeg: columns = first..<first + Int(window.column_count)
    case .png: columns = 0..<width
    }
  }

  deinit { cic_close(rows) }

  /// Decodes the next `count` rows, which are left, into the beginning of `samples`.
  mutating func read(_ count: Int, into samples: inout [UInt8]) throws(ImageFileError) {
    precondition(samples.count >= count * columns.count * bytesPerPixel)
    try checkCodec(name) { message in
      samples.withUnsafeMutableBufferPointer { cic_read_rows(rows, count, $0.baseAddress, message) }
    }
  }
}
