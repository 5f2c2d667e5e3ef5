/// Why an image cannot be prepared.
public enum ImageFault: Error, Equatable, Sendable {
  /// Width, height or channel count (1 to 4) is out of range.
  case badSize(width: Int, height: Int, channels: Int)
  /// Rows overlap, or end beyond the given bytes.
  case bytesMissing(needed: Int, found: Int)
  /// The scratch supports images of at most this size.
  case beyondLimit(maximumWidth: Int, maximumHeight: Int)
  /// The output does not have exactly the size of the prepared image.
  case badOutput(needed: Int, found: Int)
}

/// An image of interleaved 8-bit channels, top row first, borrowed from its owner. Every row is inside the bytes.
public struct ImageView: ~Escapable {
  public let width: Int
  public let height: Int
  public let channelCount: Int
  /// Bytes from one row to the next.
  public let rowStride: Int
  let bytes: Span<UInt8>

  /// - Parameter rowStride: nil for rows without gaps.
  @_lifetime(copy bytes)
  public init(
    _ bytes: Span<UInt8>, width: Int, height: Int, channelCount: Int = 3, rowStride: Int? = nil
  ) throws(ImageFault) {
    // No real image has sizes beyond 2³¹; below, no product here overflows.
    let limit = Int(Int32.max)
    guard 1...limit ~= width, 1...limit ~= height, 1...4 ~= channelCount else {
      throw .badSize(width: width, height: height, channels: channelCount)
    }
    let rowBytes = width * channelCount
    let stride = rowStride ?? rowBytes
    let (gaps, overflow) = (height - 1).multipliedReportingOverflow(by: stride)
    let needed = overflow ? Int.max : gaps.addingReportingOverflow(rowBytes).partialValue
    guard stride >= rowBytes, needed > 0, needed <= bytes.count else {
      throw .bytesMissing(needed: needed, found: bytes.count)
    }
    self.width = width
    self.height = height
    self.channelCount = channelCount
    self.rowStride = stride
    self.bytes = bytes
  }

  /// Throws if memory for such images and an output of `imageSize` squared pixels do not fit.
  func check(
    maximumWidth: Int, maximumHeight: Int, channelCount: Int, outputCount: Int, imageSize: Int
  ) throws(ImageFault) {
    guard self.channelCount == channelCount else {
      throw .badSize(width: width, height: height, channels: self.channelCount)
    }
    guard width <= maximumWidth, height <= maximumHeight else {
      throw .beyondLimit(maximumWidth: maximumWidth, maximumHeight: maximumHeight)
    }
    let needed = imageSize * imageSize * channelCount
    guard outputCount == needed else { throw .badOutput(needed: needed, found: outputCount) }
  }

  /// The bytes of row `y`, `width` · `channelCount` of them.
  @_lifetime(copy self)
  func row(_ y: Int) -> Span<UInt8> {
    bytes.extracting(y * rowStride..<y * rowStride + width * channelCount)
  }
}
