internal import Architecture
internal import Foundation
internal import ImagePreprocessing

/// How the strips of an image file, a few rows each, are converted and resampled while the file is decoded.
struct StripPlan: Sendable {
  private let codec: RowCodec
  /// Of the decoded image, which may be smaller than the file's.
  private let header: ImageHeader
  /// By which the file's sides are divided.
  let denominator: Int
  /// Of the file.
  private let pixelCount: Int
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
      mode: header.mode, width: 0, height: 0, samples: [],
      palette: header.mode == .palette ? codec.palette(bytes) : [], transparency: transparency,
      orientation: codec.orientation(bytes))
    denominator = codec.denominator(header, target)
    let decoded = header.divided(by: denominator)
    window = CropWindow(
      width: decoded.width, height: decoded.height, imageSize: target.imageSize, target.preprocessing)
    guard !target.isTurnedUpright || empty.orientation == nil,
      let conversion = StripConversion(empty, window, target.preprocessing)
    else { return nil }
    self.codec = codec
    self.header = decoded
    pixelCount = header.pixelCount
    self.target = target
    self.conversion = conversion
  }

  /// The peak memory of preparing: the codec's, a strip and its converted form, and the square's.
  var workingByteCount: Int {
    let channelCount = conversion.channelCount(header.mode)
    return pixelCount * header.codecBytesPerPixel
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
      var rows = try CodecRows(
        bytes, codec, width: header.width, header.mode, denominator: denominator, needed: window.columns,
        name: name)
      strip.width = rows.columns.count
      let columns = rows.columns
      return conversion.isNearest
        ? try decode(&rows, &strip, name, into: ChosenStrips(window, target))
        : try decode(
          &rows, &strip, name,
          into: ResampledStrips(window, conversion, header.mode, columns: columns, target))
    }
    return PreparedFile(
      square: square, mode: header.mode, orientation: empty.orientation, isScaled: denominator > 1)
  }

  /// Decodes all rows, also those outside the crop, because a damaged file is an error wherever the damage is.
  private func decode<Square: StripSquare & ~Copyable>(
    _ rows: inout CodecRows, _ strip: inout DecodedImage, _ name: String, into square: consuming Square
  ) throws(ImageFileError) -> [UInt8] {
    let rowBytes = strip.width * header.mode.bytesPerPixel
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

extension RowCodec {
  /// libjpeg decodes at 1/2, 1/4 or 1/8 of the size from fewer coefficients. The smallest that still has twice the
  /// pixels that the resized image has along each side.
  fileprivate func denominator(_ header: ImageHeader, _ target: ImageTarget) -> Int {
    switch self {
    case .png: return 1
    case .jpeg:
      guard target.scalesJPEG else { return 1 }
      let geometry = CropGeometry(
        width: header.width, height: header.height, imageSize: target.imageSize, target.preprocessing)
      let fits = [8, 4, 2].first {
        header.width / $0 >= 2 * geometry.resizedWidth && header.height / $0 >= 2 * geometry.resizedHeight
      }
      return fits ?? 1
    }
  }
}

extension ImageHeader {
  /// As libjpeg rounds.
  fileprivate func divided(by denominator: Int) -> ImageHeader {
    var result = self
    result.width = (width + denominator - 1) / denominator
    result.height = (height + denominator - 1) / denominator
    return result
  }
}
