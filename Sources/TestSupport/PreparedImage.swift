public import Architecture
public import ImageFiles
public import ImagePreprocessing

/// A prepared image: bytes `[size, size, 3]` and planes `[3, size, size]`.
public struct PreparedImage {
  public var square: [UInt8]
  public var planes: [Float]

  public init(_ image: DecodedImage, _ preprocessing: Preprocessing, size: Int) throws {
    try self.init(image.prepared(for: preprocessing, imageSize: size), preprocessing, size: size)
  }

  public init(
    _ image: RGBImage, _ preprocessing: Preprocessing, size: Int, kernels: ResizeKernels = .detected
  ) throws {
    let preprocessor = ImagePreprocessor(preprocessing, imageSize: size, kernels: kernels)
    var scratch = ImagePreprocessor.Scratch(
      maximumWidth: image.width, maximumHeight: image.height, imageSize: size)
    square = [UInt8](repeating: 0, count: 3 * size * size)
    planes = [Float](repeating: 0, count: 3 * size * size)
    let view = try ImageView(image.pixels.span, width: image.width, height: image.height)
    var squareSpan = square.mutableSpan
    try preprocessor.crop(view, into: &squareSpan, scratch: &scratch)
    var planesSpan = planes.mutableSpan
    try preprocessor.prepare(view, into: &planesSpan, scratch: &scratch)
  }
}
