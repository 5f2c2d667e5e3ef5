import Architecture
import Foundation
import ImageFiles
import ImagePreprocessing
import PocketCLIP

/// A decoded image, ready for the runtime.
struct ImageInput {
  let path: String
  let image: Session.Image
  /// The camera's rotation, which is ignored, as in the original code; nil if there is none.
  let ignoredOrientation: Int?
  /// 16-bit grey, in which Pillow turns every value above 255 into white.
  let isClippedGrey: Bool

  /// The bytes of a file, or of standard input under the name `-`.
  static func bytes(of path: String, _ limits: ImageFiles.Limits) throws(Failure) -> Data {
    do throws(ImageFileError) {
      return try ImageFiles.bytes(of: path, limits: limits)
    } catch {
      throw Failure(error.exitStatus, error.description, hint: error.hint)
    }
  }

  /// The image's size, within the limits.
  static func header(
    _ path: String, _ bytes: Data, _ limits: ImageFiles.Limits
  ) throws(Failure) -> ImageHeader {
    do throws(ImageFileError) {
      return try ImageFiles.header(bytes, name: name(path), limits: limits)
    } catch {
      throw Failure(error.exitStatus, error.description, hint: error.hint)
    }
  }

  /// The name for errors.
  private static func name(_ path: String) -> String { path == "-" ? "/dev/stdin" : path }

  /// Decodes a JPEG, PNG or WebP file.
  ///
  /// - Parameters:
  ///   - path: the name for errors.
  ///   - isTurnedUpright: whether the camera's rotation is applied.
  ///   - memory: the pixels of an earlier image, whose memory is reused.
  init(
    _ path: String, _ bytes: Data, _ limits: ImageFiles.Limits, preprocessing: Preprocessing, imageSize: Int,
    isTurnedUpright: Bool, reusing memory: inout [UInt8]
  ) throws(Failure) {
    self.path = path
    var decoded: DecodedImage
    do throws(ImageFileError) {
      decoded = try ImageFiles.decode(bytes, name: Self.name(path), limits: limits, reusing: &memory)
    } catch {
      throw Failure(error.exitStatus, error.description, hint: error.hint)
    }
    if isTurnedUpright { decoded = decoded.upright() }
    let prepared: RGBImage
    do throws(ImageFault) {
      prepared = try decoded.prepared(for: preprocessing, imageSize: imageSize)
    } catch {
      throw Failure(.data, "\(path): the image cannot be resized: \(error)", hint: "resize the image first")
    }
    guard
      let image = Session.Image(pixels: prepared.pixels, width: prepared.width, height: prepared.height)
    else { throw Failure(.data, "\(path): the image is empty", hint: "leave it out") }
    self.image = image
    isClippedGrey = decoded.mode == .grey16
    ignoredOrientation = decoded.orientation.flatMap { $0 > 1 ? $0 : nil }
  }
}
