public import Architecture
internal import CKernels
public import ImagePreprocessing

/// What image files are prepared for.
public struct ImageTarget: Sendable {
  public var preprocessing: Preprocessing
  /// Pixels along each side of the square.
  public var imageSize: Int
  /// Whether the camera's rotation is applied.
  public var isTurnedUpright: Bool
  /// Whether large JPEGs are decoded at a fraction of their size, which changes the bytes slightly.
  public var scalesJPEG: Bool
  public var kernels: ResizeKernels

  public init(
    _ preprocessing: Preprocessing, imageSize: Int, isTurnedUpright: Bool = false, scalesJPEG: Bool = false,
    kernels: ResizeKernels = .detected
  ) {
    self.preprocessing = preprocessing
    self.imageSize = imageSize
    self.isTurnedUpright = isTurnedUpright
    self.scalesJPEG = scalesJPEG
    self.kernels = kernels
  }
}

/// An image file that is decoded, resized and cropped.
public struct PreparedFile: Equatable, Sendable {
  /// 8-bit RGB `[imageSize, imageSize, 3]`.
  public var square: [UInt8]
  /// Of the file.
  public var mode: DecodedImage.Mode
  /// EXIF orientation 2–8 if the file states it and it was not applied.
  public var orientation: Int?
  /// Whether a JPEG was decoded at a fraction of its size.
  public var isScaled = false
}

extension ResizeKernels {
  /// The kernels of an instruction set; the fastest of this machine if it does not support the named one.
  public init(named name: String) {
    self.init(isa: (pk_kernels_named(name, name.utf8.count) ?? pk_kernels_detect()).pointee.isa)
  }
}
