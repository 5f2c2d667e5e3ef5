public import Architecture
internal import CKernels

/// Resamples an image whose rows arrive one after the other, only inside the crop. The bytes equal those of
/// `ImagePreprocessor.crop` for the complete image.
///
/// Memory holds about as many rows as one output row sums.
public struct CropStream: ~Copyable {
  public let imageSize: Int
  public let channelCount: Int
  public let window: CropWindow
  /// The columns that each given row has; they contain the window's.
  public let columns: Range<Int>
  private let kernels: ResizeKernels
  private let rowFilter: PackedRowFilter
  private var columnFilter: ColumnFilter
  /// Row y of the intermediate result (or of the image, if columns come first) is number y % `ringRows`.
  private var ring: [UInt8]
  private let ringRows: Int
  private let ringRowBytes: Int
  /// A row resampled along y, if columns come first.
  private var line: [UInt8]
  /// The image row that is given next.
  private var nextRow = 0
  private var nextOutput = 0
  /// The result so far, `[imageSize, imageSize, channels]`.
  private var square: [UInt8]

  /// Rows that enter the ring together.
  private static let rowsAtOnce = 8

  /// Whether images can be resampled row by row. FP32 sums are not supported.
  public static func supports(_ backend: Preprocessing.Backend) -> Bool {
    switch backend {
    case .pillow, .torchvision: true
    case .torchvisionFloat: false
    }
  }

  /// - Parameters:
  ///   - window: of the preprocessing and the image size.
  ///   - columns: the columns of the given rows; nil for all.
  /// - Precondition: the preprocessing's backend is supported; `columns` contain the window's.
  public init(
    _ window: CropWindow, imageSize: Int, channelCount: Int, columns: Range<Int>? = nil,
    kernels: ResizeKernels = .detected
  ) {
    let columns = columns ?? 0..<window.width
    precondition(
      columns.lowerBound <= window.columns.lowerBound && window.columns.upperBound <= columns.upperBound)
    self.window = window
    self.imageSize = imageSize
    self.channelCount = channelCount
    self.columns = columns
    self.kernels = kernels
    let (horizontal, vertical) = (window.horizontal, window.vertical)
    let left = window.geometry.left
    rowFilter = PackedRowFilter(
      horizontal, weightBits: horizontal.weightBits(window.isPillow), outputs: left..<left + imageSize,
      firstInput: columns.lowerBound, channelCount: channelCount, kernels)
    columnFilter = ColumnFilter(widest: vertical)
    columnFilter.prepare(vertical, weightBits: vertical.weightBits(window.isPillow))
    columnFilter.select(window.geometry.top)
    let size = Self.ringSize(window, imageSize: imageSize, channelCount: channelCount, columns: columns)
    (ringRows, ringRowBytes) = size
    ring = [UInt8](repeating: 0, count: size.rows * size.rowBytes)
    line = [UInt8](repeating: 0, count: window.isVerticalFirst ? size.rowBytes : 0)
    square = [UInt8](repeating: 0, count: imageSize * imageSize * channelCount)
  }

  private static func ringSize(
    _ window: CropWindow, imageSize: Int, channelCount: Int, columns: Range<Int>
  ) -> (rows: Int, rowBytes: Int) {
    let rows = window.vertical.isIdentity ? 0 : window.vertical.maximumTapCount + rowsAtOnce - 1
    return (rows, channelCount * (window.isVerticalFirst ? columns.count : imageSize))
  }

  /// Bytes that such a stream for complete rows allocates on the heap, without the allocator's overhead.
  public static func byteCount(
    _ window: CropWindow, imageSize: Int, channelCount: Int, kernels: ResizeKernels = .detected
  ) -> Int {
    let ring = ringSize(
      window, imageSize: imageSize, channelCount: channelCount, columns: 0..<window.width)
    return (ring.rows + 1) * ring.rowBytes + imageSize * imageSize * channelCount
      + ColumnFilter.byteCount(widest: window.vertical)
      + PackedRowFilter.byteCount(
        window.horizontal, outputCount: imageSize, channelCount: channelCount, kernels)
  }

  /// Whether all rows of the square are computed.
  public var isComplete: Bool { nextOutput == imageSize }

  /// Adds the image's next rows, with the stream's columns and channels.
  ///
  /// - Throws: `badSize` if they have other columns or channels.
  public mutating func append(_ rows: borrowing ImageView) throws(ImageFault) {
    guard rows.width == columns.count, rows.channelCount == channelCount else {
      throw .badSize(width: rows.width, height: rows.height, channels: rows.channelCount)
    }
    let given = nextRow..<nextRow + rows.height
    let needed = given.clamped(to: window.rows)
    var y = needed.lowerBound
    while y < needed.upperBound {
      let count = take(rows, from: y - given.lowerBound, row: y, atMost: needed.upperBound - y)
      y += count
      emit(upTo: y)
    }
    nextRow = given.upperBound
  }

  /// Passes over the image's next rows, which the window does not have.
  public mutating func skip(_ rowCount: Int) { nextRow += rowCount }

  /// The square `[imageSize, imageSize, channels]` of a complete stream. Zeros where rows are missing.
  public consuming func finish() -> [UInt8] { square }

  /// Takes rows from `row` of the image on, and returns how many.
  private mutating func take(
    _ rows: borrowing ImageView, from first: Int, row: Int, atMost limit: Int
  ) -> Int {
    let rowBytes = columns.count * channelCount
    let start = first * rows.rowStride
    guard ringRows > 0 else {
      rowFilter.resample(
        rows.bytes.extracting(start..<start + (limit - 1) * rows.rowStride + rowBytes), rowCount: limit,
        stride: rows.rowStride, kernels, into: &square,
        at: (row - window.geometry.top) * imageSize * channelCount)
      nextOutput += limit
      return limit
    }
    let slot = row % ringRows
    let count = min(limit, ringRows - slot, Self.rowsAtOnce)
    if window.isVerticalFirst {
      for y in 0..<count {
        ResizeKernels.copy(rows.row(first + y), into: &ring, at: (slot + y) * ringRowBytes)
      }
    } else {
      rowFilter.resample(
        rows.bytes.extracting(start..<start + (count - 1) * rows.rowStride + rowBytes), rowCount: count,
        stride: rows.rowStride, kernels, into: &ring,
        at: slot * ringRowBytes)
    }
    return count
  }

  /// Computes the output rows that need no row from `end` on.
  private mutating func emit(upTo end: Int) {
    guard ringRows > 0 else { return }
    let rowBytes = imageSize * channelCount
    let ring = ring  // A span of the property would lend all of `self`.
    while nextOutput < imageSize, columnFilter.taps.first + columnFilter.taps.count <= end {
      if window.isVerticalFirst {
        kernels.resampleColumns(
          ring.span, ringRows: ringRows, stride: ringRowBytes, width: ringRowBytes, by: columnFilter,
          into: &line, at: 0)
        let line = line
        rowFilter.resample(
          line.span, rowCount: 1, stride: ringRowBytes, kernels, into: &square, at: nextOutput * rowBytes)
      } else {
        kernels.resampleColumns(
          ring.span, ringRows: ringRows, stride: ringRowBytes, width: rowBytes, by: columnFilter,
          into: &square, at: nextOutput * rowBytes)
      }
      nextOutput += 1
      if nextOutput < imageSize { columnFilter.select(window.geometry.top + nextOutput) }
    }
  }
}
