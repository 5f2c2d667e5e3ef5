internal import Architecture
internal import CKernels

/// Resamples an image in FP32 and rounds once, after both passes, only inside the crop. The bytes equal those of
/// torchvision's bilinear `resize`, if it resizes 8-bit tensors as floats, followed by a crop.
struct FloatCropResampler: ~Copyable {
  private let maximumWidth: Int
  private let maximumHeight: Int
  private let imageSize: Int
  private let channelCount: Int
  private var taps: [pk_resize_taps] = []
  /// For each output as many as the widest axis has taps.
  private var rowWeights: [Float] = []
  private var columnWeights: [Float] = []
  /// Rows resampled along x, as many as one output row sums.
  private var rows: [Float] = []

  init(maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int) {
    self.maximumWidth = maximumWidth
    self.maximumHeight = maximumHeight
    self.imageSize = imageSize
    self.channelCount = channelCount
  }

  /// Allocates the memory if it is not allocated yet.
  mutating func allocate() {
    guard taps.isEmpty else { return }
    let tallest = pk_resize_float_max_taps(maximumHeight, imageSize)
    taps = Array(repeating: pk_resize_taps(), count: imageSize)
    rowWeights = Array(
      repeating: 0, count: imageSize * pk_resize_float_max_taps(maximumWidth, imageSize))
    columnWeights = Array(repeating: 0, count: tallest)
    rows = Array(repeating: 0, count: tallest * imageSize * channelCount)
  }

  static func byteCount(maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int) -> Int {
    let widest = pk_resize_float_max_taps(maximumWidth, imageSize)
    let tallest = pk_resize_float_max_taps(maximumHeight, imageSize)
    return imageSize * (16 + 4 * widest) + 4 * tallest * (1 + imageSize * channelCount)
  }

  /// Writes `imageSize` rows of `imageSize` pixels to `output`.
  mutating func resample(
    _ image: borrowing ImageView, _ preprocessing: Preprocessing, _ kernels: ResizeKernels,
    into output: inout MutableSpan<UInt8>
  ) throws(ImageFault) {
    try image.check(
      maximumWidth: maximumWidth, maximumHeight: maximumHeight, channelCount: channelCount,
      outputCount: output.count, imageSize: imageSize)
    allocate()
    let geometry = CropGeometry(
      width: image.width, height: image.height, imageSize: imageSize, preprocessing)
    let stride = pk_resize_float_max_taps(image.width, geometry.resizedWidth)
    prepareRows(from: image.width, to: geometry.resizedWidth, left: geometry.left, stride: stride)
    let ringRows = pk_resize_float_max_taps(image.height, geometry.resizedHeight)
    let rowCount = imageSize * channelCount
    let (rowTaps, rowWeights) = (self.taps, self.rowWeights)
    var nextRow = 0
    for y in 0..<imageSize {
      let taps = prepareColumn(from: image.height, to: geometry.resizedHeight, output: geometry.top + y)
      for source in max(nextRow, taps.first)..<max(nextRow, taps.first + taps.count) {
        kernels.resampleFloatRow(
          image.row(source), rowTaps.span, rowWeights.span, stride: stride, channelCount: channelCount,
          into: &rows, at: source % ringRows * rowCount)
        nextRow = source + 1
      }
      kernels.resampleFloatColumns(
        rows.span, ringRows: ringRows, width: rowCount, taps, columnWeights.span, into: &output,
        at: y * rowCount)
    }
  }

  /// An axis that keeps its length is not a special case: its weights are 1 and 0.
  private mutating func prepareRows(from input: Int, to output: Int, left: Int, stride: Int) {
    rowWeights.withUnsafeMutableBufferPointer { weights in
      guard let weights = weights.baseAddress else { return }
      for index in 0..<imageSize {
        taps[index] = pk_resize_float_taps_of(input, output, left + index)
        pk_resize_float_weights(input, output, left + index, weights + index * stride)
      }
    }
  }

  private mutating func prepareColumn(from input: Int, to output: Int, output index: Int) -> pk_resize_taps {
    pk_resize_float_weights(input, output, index, &columnWeights)
    return pk_resize_float_taps_of(input, output, index)
  }
}

extension ResizeKernels {
  /// Resamples one row of interleaved channels: one output for each of `taps`.
  fileprivate func resampleFloatRow(
    _ input: Span<UInt8>, _ taps: Span<pk_resize_taps>, _ weights: Span<Float>, stride: Int,
    channelCount: Int, into output: inout [Float], at offset: Int
  ) {
    let count = taps.count
    precondition(weights.count >= count * stride)
    precondition(offset >= 0 && output.count - offset >= count * channelCount)
    let kernel = pk_resize_float_kernels_for(isa).pointee.row
    input.withUnsafeBufferPointer { input in
      taps.withUnsafeBufferPointer { taps in
        weights.withUnsafeBufferPointer { weights in
          output.withUnsafeMutableBufferPointer { output in
            guard let input = input.baseAddress, let taps = taps.baseAddress,
              let weights = weights.baseAddress, let output = output.baseAddress
            else { return }
            kernel(input, taps, weights, stride, count, channelCount, output + offset)
          }
        }
      }
    }
  }

  /// Sums `taps.count` rows of a ring of `ringRows` rows into `width` bytes of `output`, from `offset` on.
  fileprivate func resampleFloatColumns(
    _ ring: Span<Float>, ringRows: Int, width: Int, _ taps: pk_resize_taps, _ weights: Span<Float>,
    into output: inout MutableSpan<UInt8>, at offset: Int
  ) {
    precondition(ringRows >= taps.count && ringRows * width <= ring.count && taps.count <= weights.count)
    precondition(offset >= 0 && output.count - offset >= width)
    let kernel = pk_resize_float_kernels_for(isa).pointee.column
    ring.withUnsafeBufferPointer { ring in
      weights.withUnsafeBufferPointer { weights in
        output.withUnsafeMutableBufferPointer { output in
          guard let ring = ring.baseAddress, let weights = weights.baseAddress,
            let output = output.baseAddress
          else { return }
          kernel(ring, ringRows, width, width, taps, weights, output + offset)
        }
      }
    }
  }
}
