public import Architecture

/// Computes the image tower's input from pixels: resize, centre crop, normalization, each bit-exact for the backend
/// of the preprocessing.
///
/// A value without locks that any number of threads can use; each thread needs its own `Scratch`.
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

    /// Sizes in pixels, each at least 1. Memory for another backend is allocated when needed.
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

    /// Bytes that such a scratch allocates on the heap, without the allocator's overhead.
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

  /// Resizes and crops an image with the scratch's number of channels into `square`: 8-bit `[imageSize, imageSize,
  /// channels]`, with the backend's bytes.
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

/// The 256 values for the bytes of one channel, with each step rounded to FP32. With Pillow, libraries divide by 255,
/// subtract the mean and divide by the standard deviation, like torchvision's `ToTensor` and `Normalize`.
/// transformers' torchvision backend instead multiplies mean and standard deviation by 255.
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
