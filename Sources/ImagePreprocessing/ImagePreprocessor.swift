public import Architecture

/// Pixels to what the image tower takes: resize, centre crop, normalization, each exact to the bit.
///
/// A value without locks that any number of threads may use; each brings its own `Scratch`.
public struct ImagePreprocessor: Sendable {
  public let preprocessing: Preprocessing
  /// Pixels along each side of the prepared square.
  public let imageSize: Int
  private let kernels: ResizeKernels
  private let red: ChannelNormalization
  private let green: ChannelNormalization
  private let blue: ChannelNormalization

  public init(_ preprocessing: Preprocessing, imageSize: Int, kernels: ResizeKernels = .detected) {
    self.preprocessing = preprocessing
    self.imageSize = imageSize
    self.kernels = kernels
    let mean = preprocessing.mean
    let deviation = preprocessing.standardDeviation
    red = ChannelNormalization(mean: mean.red, standardDeviation: deviation.red)
    green = ChannelNormalization(mean: mean.green, standardDeviation: deviation.green)
    blue = ChannelNormalization(mean: mean.blue, standardDeviation: deviation.blue)
  }

  /// Working memory for pictures up to a size, reused from picture to picture.
  public struct Scratch: ~Copyable {
    fileprivate var resampler: CropResampler
    fileprivate var square: [UInt8]

    /// Sizes in pixels, each at least 1.
    public init(maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int = 3) {
      resampler = CropResampler(
        maximumWidth: maximumWidth, maximumHeight: maximumHeight, imageSize: imageSize,
        channelCount: channelCount)
      square = Array(repeating: 0, count: channelCount * imageSize * imageSize)
    }

    /// Bytes that such a scratch holds on the heap, allocator overhead apart.
    public static func byteCount(
      maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int = 3
    ) -> Int {
      CropResampler.byteCount(
        maximumWidth: maximumWidth, maximumHeight: maximumHeight, imageSize: imageSize,
        channelCount: channelCount) + channelCount * imageSize * imageSize
    }
  }

  /// Resizes and crops a picture of as many channels as the scratch has into `square`: 8-bit
  /// `[imageSize, imageSize, channels]`, Pillow's bytes.
  public func crop(
    _ picture: borrowing PictureView, into square: inout MutableSpan<UInt8>, scratch: inout Scratch
  ) throws(PictureFault) {
    try scratch.resampler.resample(picture, preprocessing, kernels, into: &square)
  }

  /// Resizes, crops and normalizes an RGB picture into `planes`: FP32 `[3, imageSize, imageSize]`.
  public func prepare(
    _ picture: borrowing PictureView, into planes: inout MutableSpan<Float>, scratch: inout Scratch
  ) throws(PictureFault) {
    try crop(picture, into: &scratch.square, resampler: &scratch.resampler)
    try normalize(scratch.square.span, into: &planes)
  }

  private func crop(
    _ picture: borrowing PictureView, into square: inout [UInt8], resampler: inout CropResampler
  ) throws(PictureFault) {
    var span = square.mutableSpan
    try resampler.resample(picture, preprocessing, kernels, into: &span)
  }

  /// Normalizes 8-bit `[imageSize, imageSize, 3]` into FP32 `[3, imageSize, imageSize]`.
  public func normalize(
    _ square: Span<UInt8>, into planes: inout MutableSpan<Float>
  ) throws(PictureFault) {
    let pixelCount = imageSize * imageSize
    guard square.count == 3 * pixelCount else {
      throw .bytesMissing(needed: 3 * pixelCount, found: square.count)
    }
    guard planes.count == 3 * pixelCount else {
      throw .badOutput(needed: 3 * pixelCount, found: planes.count)
    }
    for pixel in 0..<pixelCount {
      planes[pixel] = red[square[3 * pixel]]
      planes[pixelCount + pixel] = green[square[3 * pixel + 1]]
      planes[2 * pixelCount + pixel] = blue[square[3 * pixel + 2]]
    }
  }
}

/// The 256 values a byte of one channel becomes: v / 255, less the mean, by the standard deviation, each step rounded
/// to FP32 as torchvision's `ToTensor` and `Normalize` do.
private struct ChannelNormalization: Sendable {
  private let values: [Float]

  init(mean: Float, standardDeviation: Float) {
    values = (0..<256).map { (Float($0) / 255 - mean) / standardDeviation }
  }

  subscript(byte: UInt8) -> Float { values[Int(byte)] }
}
