internal import Architecture
internal import CKernels

/// Resamples an image in two passes of 8 bits each, only inside the crop. The bytes equal those of `resize` in Pillow
/// 13, or in torchvision's 8-bit kernel, followed by a crop.
struct CropResampler: ~Copyable {
  /// The largest image that the memory supports.
  let maximumWidth: Int
  let maximumHeight: Int
  let imageSize: Int
  let channelCount: Int
  private var rowFilter: RowFilter
  private var columnFilter: ColumnFilter
  /// The intermediate result: rows resampled along x (as many as one output row sums), or one row resampled along y.
  private var rows: [UInt8]

  init(maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int) {
    self.maximumWidth = maximumWidth
    self.maximumHeight = maximumHeight
    self.imageSize = imageSize
    self.channelCount = channelCount
    let widest = Self.widestAxis(maximumWidth, imageSize)
    let tallest = Self.widestAxis(maximumHeight, imageSize)
    rowFilter = RowFilter(widest: widest, outputCount: imageSize, channelCount: channelCount)
    columnFilter = ColumnFilter(widest: tallest)
    rows = Array(repeating: 0, count: Self.rowsByteCount(widest, tallest, imageSize, channelCount))
  }

  static func byteCount(maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int) -> Int {
    let widest = widestAxis(maximumWidth, imageSize)
    let tallest = widestAxis(maximumHeight, imageSize)
    return RowFilter.byteCount(widest: widest, outputCount: imageSize, channelCount: channelCount)
      + ColumnFilter.byteCount(widest: tallest) + rowsByteCount(widest, tallest, imageSize, channelCount)
  }

  /// The axis with the most taps: the longest one that shrinks to `imageSize`, the smallest size of an edge.
  private static func widestAxis(_ maximum: Int, _ imageSize: Int) -> pk_resize_axis {
    pk_resize_axis(from: maximum, to: imageSize, .bicubic)
  }

  private static func rowsByteCount(
    _ widest: pk_resize_axis, _ tallest: pk_resize_axis, _ imageSize: Int, _ channelCount: Int
  ) -> Int {
    max(tallest.maximumTapCount * imageSize, widest.input) * channelCount
  }

  /// Writes `imageSize` rows of `imageSize` pixels to `output`.
  mutating func resample(
    _ image: borrowing ImageView, _ preprocessing: Preprocessing, _ kernels: ResizeKernels,
    into output: inout MutableSpan<UInt8>
  ) throws(ImageFault) {
    try image.check(
      maximumWidth: maximumWidth, maximumHeight: maximumHeight, channelCount: channelCount,
      outputCount: output.count, imageSize: imageSize)
    let interpolation = preprocessing.interpolation
    let geometry = CropGeometry(
      width: image.width, height: image.height, imageSize: imageSize, preprocessing)
    let isPillow = preprocessing.backend == .pillow
    let horizontal = pk_resize_axis(from: image.width, to: geometry.resizedWidth, interpolation)
    let vertical = pk_resize_axis(from: image.height, to: geometry.resizedHeight, interpolation)
    let columns = geometry.left..<geometry.left + imageSize
    rowFilter.prepare(
      horizontal, weightBits: horizontal.weightBits(isPillow), outputs: columns, channelCount: channelCount)
    columnFilter.prepare(vertical, weightBits: vertical.weightBits(isPillow))
    if vertical.isIdentity {
      resampleRowsOnly(image, top: geometry.top, kernels, into: &output)
    } else if isPillow, ImagePreprocessor.isVerticalFirst(horizontal, vertical) {
      resampleColumnsFirst(image, top: geometry.top, kernels, into: &output)
    } else {
      resampleRowsFirst(image, vertical.maximumTapCount, top: geometry.top, kernels, into: &output)
    }
  }

  private mutating func resampleColumnsFirst(
    _ image: borrowing ImageView, top: Int, _ kernels: ResizeKernels,
    into output: inout MutableSpan<UInt8>
  ) {
    let rowBytes = image.width * channelCount
    for y in 0..<imageSize {
      columnFilter.select(top + y)
      kernels.resampleColumns(
        image.bytes, ringRows: image.height, stride: image.rowStride, width: rowBytes,
        by: columnFilter, into: &rows, at: 0)
      kernels.resampleRow(
        rows.span.extracting(0..<rowBytes), by: rowFilter, channelCount: channelCount, into: &output,
        at: y * imageSize * channelCount)
    }
  }

  private mutating func resampleRowsFirst(
    _ image: borrowing ImageView, _ ringRows: Int, top: Int, _ kernels: ResizeKernels,
    into output: inout MutableSpan<UInt8>
  ) {
    let rowBytes = imageSize * channelCount
    var nextRow = 0
    for y in 0..<imageSize {
      columnFilter.select(top + y)
      let taps = columnFilter.taps
      for source in max(nextRow, taps.first)..<max(nextRow, taps.first + taps.count) {
        kernels.resampleRow(
          image.row(source), by: rowFilter, channelCount: channelCount, into: &rows,
          at: source % ringRows * rowBytes)
        nextRow = source + 1
      }
      kernels.resampleColumns(
        rows.span, ringRows: ringRows, stride: rowBytes, width: rowBytes, by: columnFilter, into: &output,
        at: y * rowBytes)
    }
  }

  /// For an image whose height does not change.
  private func resampleRowsOnly(
    _ image: borrowing ImageView, top: Int, _ kernels: ResizeKernels,
    into output: inout MutableSpan<UInt8>
  ) {
    for y in 0..<imageSize {
      kernels.resampleRow(
        image.row(top + y), by: rowFilter, channelCount: channelCount, into: &output,
        at: y * imageSize * channelCount)
    }
  }
}
