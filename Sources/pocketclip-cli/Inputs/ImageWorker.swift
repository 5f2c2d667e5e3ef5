import BundleFormat
import Foundation
import PocketCLIP
import Verification

/// Settings for encoding all images of a run.
struct ImageSettings: Sendable {
  let bundle: OpenBundle
  let isNormalized: Bool
  let isTurnedUpright: Bool
  let memory: ImageMemory
  /// Known vectors by content; nil if contents are not recorded.
  var contents: VectorContents?
}

/// The result of one image.
struct ImageOutcome: Sendable {
  let path: String
  var vector: Result<[Float], Failure>
  /// Recorded only with `ImageSettings.contents`.
  var content: InputContent?
  var ignoresOrientation = false
  var isClippedGrey = false
}

/// Decodes and encodes images, one after the other on one thread.
struct ImageWorker {
  private let settings: ImageSettings
  /// The pixels of the last image, whose memory the next one reuses.
  private var memory: [UInt8] = []
  private var session: (session: Session, width: Int, height: Int)?

  init(_ settings: ImageSettings) { self.settings = settings }

  mutating func outcome(of path: String) -> ImageOutcome {
    do throws(Failure) {
      // Hashes the bytes that are decoded, because the file may change after it was read.
      let bytes = try ImageInput.bytes(of: path, settings.memory.limits)
      let content = settings.contents.map { _ in InputContent(bytes) }
      if let content, let vector = settings.contents?.vector(of: content.hash) {
        return ImageOutcome(path: path, vector: .success(vector), content: content)
      }
      let header = try ImageInput.header(path, bytes, settings.memory.limits)
      return try settings.memory.withRoom(for: header, file: path) { () throws(Failure) in
        try encoded(path, bytes, content)
      }
    } catch {
      return ImageOutcome(path: path, vector: .failure(error))
    }
  }

  /// Decodes an image and encodes it.
  private mutating func encoded(
    _ path: String, _ bytes: Data, _ content: InputContent?
  ) throws(Failure) -> ImageOutcome {
    let bundle = settings.bundle
    let input = try ImageInput(
      path, bytes, settings.memory.limits, preprocessing: bundle.description.preprocessing,
      imageSize: bundle.model.information.imageSize, isTurnedUpright: settings.isTurnedUpright,
      reusing: &memory)
    // Large images are rare, and each thread would keep the memory of one.
    defer { memory = input.image.pixels.count <= Self.keptByteCount ? input.image.pixels : [] }
    return ImageOutcome(
      path: path, vector: Result { () throws(Failure) in try vector(of: input) }, content: content,
      ignoresOrientation: input.ignoredOrientation != nil, isClippedGrey: input.isClippedGrey)
  }

  /// The most bytes kept for the next image: 16 million pixels of three bytes.
  private static let keptByteCount = 48_000_000

  private mutating func vector(of input: ImageInput) throws(Failure) -> [Float] {
    let session = try session(for: input.image)
    do throws(PocketCLIPError) {
      return try session.encode(images: [input.image], normalized: settings.isNormalized)[0].get()
    } catch {
      throw Failure(error, file: input.path)
    }
  }

  /// One session is used for all images. An image larger than all before it gets a new one.
  private mutating func session(for image: Session.Image) throws(Failure) -> Session {
    if let session, image.width <= session.width, image.height <= session.height {
      return session.session
    }
    let width = max(image.width, session?.width ?? 0)
    let height = max(image.height, session?.height ?? 0)
    session = nil
    let larger = try settings.bundle.session(batch: 1, width: width, height: height)
    session = (larger, width, height)
    return larger
  }
}
