internal import Architecture
internal import Foundation
internal import ImagePreprocessing

/// How the strips of an image file, a few rows each, are converted and resampled while the file is decoded.
struct StripPlan: Sendable {
  private let codec: RowCodec
  private let header: ImageHeader
  private let target: ImageTarget
  private let window: CropWindow
  private let conversion: StripConversion
  /// A strip without samples.
  private let empty: DecodedImage

  /// Rows of a strip: few enough for the processor's cache, many enough for kernels that take several.
  private static let rowCount = 8

  /// - Returns: nil if the complete image is needed.
  init?(_ bytes: Data, _ header: ImageHeader, _ target: ImageTarget, name: String) {
    guard header.hasRowsInOrder, let codec = RowCodec(ImageFormat(bytes)),
      CropStream.supports(target.preprocessing.backend)
    else { return nil }
    let transparency: Transparency?
    do throws(ImageFileError) {
      transparency = try codec.transparency(bytes, header.mode, name: name)
    } catch {
      return nil  // Decoding the complete image gives this error, or an earlier one.
    }
    empty = DecodedImage(
      mode: header.mode, width: header.width, height: 0, samples: [],
      palette: header.mode == .palette ? codec.palette(bytes) : [], transparency: transparency,
      orientation: codec.orientation(bytes))
    window = CropWindow(
      width: header.width, height: header.height, imageSize: target.imageSize, target.preprocessing)
    guard !target.isTurnedUpright || empty.orientation == nil,
      let conversion = StripConversion(empty, window, target.preprocessing)
    else { return nil }
    self.codec = codec
    self.header = header
    self.target = target
    self.conversion = conversion
  }

  /// The peak memory of preparing: the codec's, a strip and its converted form, and the square's.
  var workingByteCount: Int {
    let channelCount = conversion.channelCount(header.mode)
    return header.pixelCount * header.codecBytesPerPixel
      + Self.rowCount * header.width * (header.mode.bytesPerPixel + channelCount)
      + CropStream.byteCount(
        window, imageSize: target.imageSize, channelCount: channelCount, kernels: target.kernels)
  }

  func prepared(
    _ bytes: Data, name: String, reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> PreparedFile {
    var strip = empty
    swap(&strip.samples, &memory)
    defer { swap(&strip.samples, &memory) }
    let square = try bytes.span.withUnsafeBufferPointer { (bytes) throws(ImageFileError) in
      var rows = try CodecRows(bytes, codec, header, name: name)
      return conversion.isNearest
        ? try decode(&rows, &strip, name, into: ChosenStrips(window, target))
        : try decode(&rows, &strip, name, into: ResampledStrips(window, conversion, header.mode, target))
    }
    return PreparedFile(square: square, mode: header.mode, orientation: empty.orientation)
  }

  /// Decodes all rows, also those outside the crop, because a damaged file is an error wherever the damage is.
  private func decode<Square: StripSquare & ~Copyable>(
    _ rows: inout CodecRows, _ strip: inout DecodedImage, _ name: String, into square: consuming Square
  ) throws(ImageFileError) -> [UInt8] {
    let rowBytes = header.width * header.mode.bytesPerPixel
    for first in stride(from: 0, to: header.height, by: Self.rowCount) {
      strip.height = min(Self.rowCount, header.height - first)
      strip.samples.resize(to: strip.height * rowBytes)
      try rows.read(strip.height, into: &strip.samples)
      let given = first..<first + strip.height
      guard given.overlaps(window.rows) else {
        square.skip(given)
        continue
      }
      if codec.isInverted(header.mode) { strip.invert() }
      do throws(ImageFault) {
        try square.append(strip, rows: given)
      } catch {
        throw ImageFileError(.undecodable, file: name, detail: "it cannot be resized: \(error)")
      }
    }
    return square.finish(like: empty).rgb().pixels
  }
}

extension [UInt8] {
  fileprivate mutating func resize(to newCount: Int) {
    if count > newCount {
      removeLast(count - newCount)
    } else if count < newCount {
      append(contentsOf: repeatElement(0, count: newCount - count))
    }
  }
}
