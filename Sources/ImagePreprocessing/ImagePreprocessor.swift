public import Architecture

/// Pixels to what the image tower takes: resize, centre crop, normalization, each exact to the bit as the backend of the
/// preprocessing does it.
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
    let backend = preprocessing.backend
    red = ChannelNormalization(mean: mean.red, standardDeviation: deviation.red, backend)
    green = ChannelNormalization(mean: mean.green, standardDeviation: deviation.green, backend)
    blue = ChannelNormalization(mean: mean.blue, standardDeviation: deviation.blue, backend)
  }

  /// Working memory for images up to a size, reused from image to image.
  public struct Scratch: ~Copyable {
    fileprivate var resampler: CropResampler
    fileprivate var floatResampler: FloatCropResampler
    fileprivate var square: [UInt8]

    /// Sizes in pixels, each at least 1. What another backend than this one needs is taken when it comes.
    public init(
      maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int = 3,
      backend: Preprocessing.Backend = .pillow
    ) {
      resampler = CropResampler(
        maximumWidth: maximumWidth, maximumHeight: maximumHeight, imageSize: imageSize,
        channelCount: channelCount)
      floatResampler = FloatCropResampler(
        maximumWidth: maximumWidth, maximumHeight: maximumHeight, imageSize: imageSize,
        channelCount: channelCount)
      if backend == .torchvisionFloat { floatResampler.allocate() }
      square = Array(repeating: 0, count: channelCount * imageSize * imageSize)
    }

    /// Bytes that such a scratch holds on the heap, allocator overhead apart.
    public static func byteCount(
      maximumWidth: Int, maximumHeight: Int, imageSize: Int, channelCount: Int = 3,
      backend: Preprocessing.Backend = .pillow
    ) -> Int {
      let floats =
        backend == .torchvisionFloat
        ? FloatCropResampler.byteCount(
          maximumWidth: maximumWidth, maximumHeight: maximumHeight, imageSize: imageSize,
          channelCount: channelCount) : 0
      return CropResampler.byteCount(
        maximumWidth: maximumWidth, maximumHeight: maximumHeight, imageSize: imageSize,
        channelCount: channelCount) + floats + channelCount * imageSize * imageSize
    }
  }

  /// Resizes and crops an image of as many channels as the scratch has into `square`: 8-bit
  /// `[imageSize, imageSize, channels]`, the backend's bytes.
  public func crop(
    _ image: borrowing ImageView, into square: inout MutableSpan<UInt8>, scratch: inout Scratch
  ) throws(ImageFault) {
    try resample(image, &scratch.resampler, &scratch.floatResampler, into: &square)
  }

  /// Resizes, crops and normalizes an RGB image into `planes`: FP32 `[3, imageSize, imageSize]`.
  public func prepare(
    _ image: borrowing ImageView, into planes: inout MutableSpan<Float>, scratch: inout Scratch
  ) throws(ImageFault) {
    try crop(image, into: &scratch.square, &scratch.resampler, &scratch.floatResampler)
    try normalize(scratch.square.span, into: &planes)
  }

  private func crop(
    _ image: borrowing ImageView, into square: inout [UInt8], _ resampler: inout CropResampler,
    _ floatResampler: inout FloatCropResampler
  ) throws(ImageFault) {
    var span = square.mutableSpan
    try resample(image, &resampler, &floatResampler, into: &span)
  }

  private func resample(
    _ image: borrowing ImageView, _ resampler: inout CropResampler,
    _ floatResampler: inout FloatCropResampler, into square: inout MutableSpan<UInt8>
  ) throws(ImageFault) {
    switch preprocessing.backend {
    case .pillow, .torchvision: try resampler.resample(image, preprocessing, kernels, into: &square)
    case .torchvisionFloat: try floatResampler.resample(image, preprocessing, kernels, into: &square)
    }
  }

  /// Normalizes 8-bit `[imageSize, imageSize, 3]` into FP32 `[3, imageSize, imageSize]`.
  public func normalize(
    _ square: Span<UInt8>, into planes: inout MutableSpan<Float>
  ) throws(ImageFault) {
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

/// The 256 values a byte of one channel becomes, each step rounded to FP32. Pillow's users divide by 255, subtract the mean
/// and divide by the standard deviation, as torchvision's `ToTensor` and `Normalize` do; transformers' torchvision backend
/// multiplies mean and standard deviation by 255 instead.
private struct ChannelNormalization: Sendable {
  private let values: [Float]

  init(mean: Float, standardDeviation: Float, _ backend: Preprocessing.Backend) {
    switch backend {
    case .pillow: values = (0..<256).map { (Float($0) / 255 - mean) / standardDeviation }
    case .torchvision, .torchvisionFloat:
      let (mean, deviation) = (mean * 255, standardDeviation * 255)
      values = (0..<256).map { (Float($0) - mean) / deviation }
    }
  }

  subscript(byte: UInt8) -> Float { values[Int(byte)] }
}
