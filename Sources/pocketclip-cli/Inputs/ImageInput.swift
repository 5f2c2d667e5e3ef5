import Foundation
import ImageFiles

/// An image file that is read for a run.
enum ImageInput {
  /// The bytes of a file, or of standard input under the name `-`.
  static func bytes(of path: String, _ limits: ImageFiles.Limits) throws(Failure) -> Data {
    try describing { () throws(ImageFileError) in try ImageFiles.bytes(of: path, limits: limits) }
  }

  /// How to prepare an image, whose size is within the limits.
  static func plan(
    _ path: String, _ bytes: Data, _ limits: ImageFiles.Limits, _ target: ImageTarget
  ) throws(Failure) -> ImagePlan {
    let name = path == "-" ? "/dev/stdin" : path
    return try describing { () throws(ImageFileError) in
      try ImagePlan(bytes, name: name, limits: limits, for: target)
    }
  }

  /// Decodes, resizes and crops a JPEG, PNG or WebP file.
  ///
  /// - Parameter memory: samples of an earlier image, whose memory is reused.
  static func prepared(
    _ bytes: Data, _ plan: ImagePlan, reusing memory: inout [UInt8]
  ) throws(Failure) -> PreparedFile {
    try describing { () throws(ImageFileError) in try plan.prepared(bytes, reusing: &memory) }
  }

  private static func describing<Value>(
    _ body: () throws(ImageFileError) -> Value
  ) throws(Failure) -> Value {
    do throws(ImageFileError) {
      return try body()
    } catch {
      throw Failure(error.exitStatus, error.description, hint: error.hint)
    }
  }
}
