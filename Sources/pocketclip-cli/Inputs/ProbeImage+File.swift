import Architecture
import ImageFiles
import ImagePreprocessing
import Verification

extension ProbeImage {
  /// A JPEG, PNG or WebP file, as a model's preprocessing takes it.
  init(
    file path: String, _ preprocessing: Preprocessing, imageSize: Int, _ limits: ImageFiles.Limits = .init()
  ) throws(Failure) {
    let decoded: DecodedImage
    do throws(ImageFileError) {
      decoded = try ImageFiles.decode(
        try ImageFiles.bytes(of: path, limits: limits), name: path, limits: limits)
    } catch { throw Failure(error.exitStatus, error.description, hint: error.hint) }
    do throws(ImageFault) {
      let prepared = try decoded.prepared(for: preprocessing, imageSize: imageSize)
      self.init(width: prepared.width, height: prepared.height, pixels: prepared.pixels)
    } catch {
      throw Failure(.data, "\(path): the image cannot be resized: \(error)", hint: "resize the image first")
    }
  }
}
