internal import Architecture
public import Foundation
internal import ImagePreprocessing

/// How an image file becomes a model's input: strip by strip while it is decoded, or from the complete image.
///
/// Both give the same bytes. The complete image is needed for WebP, interlaced PNG, rotation, 16-bit grey that is
/// resized, and FP32 resizing; such an image is never decoded at a fraction of its size.
public struct ImagePlan: Sendable {
  public let header: ImageHeader
  let target: ImageTarget
  let name: String
  private let limits: ImageFiles.Limits
  private let strips: StripPlan?

  /// Reads the header. Nothing is decoded.
  ///
  /// - Parameter name: for errors.
  public init(
    _ bytes: Data, name: String, limits: ImageFiles.Limits = .init(), for target: ImageTarget
  ) throws(ImageFileError) {
    header = try ImageFiles.header(bytes, name: name, limits: limits)
    self.target = target
    self.name = name
    self.limits = limits
    strips = StripPlan(bytes, header, target, name: name)
  }

  /// Whether the image is resized while it is decoded.
  public var isStreamed: Bool { strips != nil }

  /// The peak memory of preparing.
  public var workingByteCount: Int { strips?.workingByteCount ?? header.workingByteCount }

  /// Decodes, resizes and crops the image.
  ///
  /// - Parameters:
  ///   - bytes: the file that the plan was made for.
  ///   - memory: samples of an earlier image, whose memory is reused; afterwards, of this one.
  public func prepared(_ bytes: Data, reusing memory: inout [UInt8]) throws(ImageFileError) -> PreparedFile {
    if let strips { return try strips.prepared(bytes, name: name, reusing: &memory) }
    var decoded = try ImageFiles.decode(bytes, name: name, limits: limits, reusing: &memory)
    if target.isTurnedUpright { decoded = decoded.upright() }
    var result = PreparedFile(square: [], mode: decoded.mode, orientation: decoded.orientation)
    do throws(ImageFault) {
      let rgb = try decoded.prepared(for: target.preprocessing, imageSize: target.imageSize)
      result.square = try square(rgb)
      memory = rgb.pixels
    } catch {
      throw ImageFileError(.undecodable, file: name, detail: "it cannot be resized: \(error)")
    }
    return result
  }

  private func square(_ image: RGBImage) throws(ImageFault) -> [UInt8] {
    let (preprocessing, imageSize) = (target.preprocessing, target.imageSize)
    let view = try ImageView(image.pixels.span, width: image.width, height: image.height)
    guard !CropStream.supports(preprocessing.backend) else {
      let window = CropWindow(
        width: image.width, height: image.height, imageSize: imageSize, preprocessing)
      var stream = CropStream(window, imageSize: imageSize, channelCount: 3, kernels: target.kernels)
      try stream.append(view)
      return stream.finish()
    }
    var scratch = ImagePreprocessor.Scratch(
      maximumWidth: image.width, maximumHeight: image.height, imageSize: imageSize,
      backend: preprocessing.backend)
    var square = [UInt8](repeating: 0, count: 3 * imageSize * imageSize)
    var span = square.mutableSpan
    try ImagePreprocessor(preprocessing, imageSize: imageSize, kernels: target.kernels).crop(
      view, into: &span, scratch: &scratch)
    return square
  }
}
