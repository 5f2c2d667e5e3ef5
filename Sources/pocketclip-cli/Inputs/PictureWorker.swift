import BundleFormat
import Foundation
import PocketCLIP
import Verification

/// How all pictures of a run become vectors.
struct PictureSettings: Sendable {
  let bundle: OpenBundle
  let isNormalized: Bool
  let isTurnedUpright: Bool
  let memory: ImageMemory
  /// Vectors that are known by content, where contents are recorded.
  var contents: VectorContents?
}

/// What became of one picture.
struct PictureOutcome: Sendable {
  let path: String
  var vector: Result<[Float], Failure>
  /// Recorded only with `PictureSettings.contents`.
  var content: InputContent?
  var ignoresOrientation = false
  var isClippedGrey = false
}

/// Decodes and encodes pictures, one after the other on one thread.
struct PictureWorker {
  private let settings: PictureSettings
  /// The last image's pixels, for the next one.
  private var memory: [UInt8] = []
  private var session: (session: Session, width: Int, height: Int)?

  init(_ settings: PictureSettings) { self.settings = settings }

  mutating func outcome(of path: String) -> PictureOutcome {
    do throws(Failure) {
      // The bytes that are decoded, not those that the file has a moment later.
      let bytes = try PictureInput.bytes(of: path, settings.memory.limits)
      let content = settings.contents.map { _ in InputContent(bytes) }
      if let content, let vector = settings.contents?.vector(of: content.hash) {
        return PictureOutcome(path: path, vector: .success(vector), content: content)
      }
      let header = try PictureInput.header(path, bytes, settings.memory.limits)
      return try settings.memory.withRoom(for: header, file: path) { () throws(Failure) in
        try encoded(path, bytes, content)
      }
    } catch {
      return PictureOutcome(path: path, vector: .failure(error))
    }
  }

  /// Decodes an image and encodes it.
  private mutating func encoded(
    _ path: String, _ bytes: Data, _ content: InputContent?
  ) throws(Failure) -> PictureOutcome {
    let bundle = settings.bundle
    let input = try PictureInput(
      path, bytes, settings.memory.limits, preprocessing: bundle.description.preprocessing,
      imageSize: bundle.model.information.imageSize, isTurnedUpright: settings.isTurnedUpright,
      reusing: &memory)
    // Large images are rare, and what each thread keeps adds up.
    defer { memory = input.picture.pixels.count <= Self.keptByteCount ? input.picture.pixels : [] }
    return PictureOutcome(
      path: path, vector: Result { () throws(Failure) in try vector(of: input) }, content: content,
      ignoresOrientation: input.ignoredOrientation != nil, isClippedGrey: input.isClippedGrey)
  }

  /// The most that is kept for the next image: three bytes each of 16 million pixels.
  private static let keptByteCount = 48_000_000

  private mutating func vector(of input: PictureInput) throws(Failure) -> [Float] {
    let session = try session(for: input.picture)
    do throws(PocketCLIPError) {
      return try session.encode(pictures: [input.picture], normalized: settings.isNormalized)[0].get()
    } catch {
      throw Failure(error, file: input.path)
    }
  }

  /// One session serves all pictures, until one is larger than any before.
  private mutating func session(for picture: Session.Picture) throws(Failure) -> Session {
    if let session, picture.width <= session.width, picture.height <= session.height {
      return session.session
    }
    let width = max(picture.width, session?.width ?? 0)
    let height = max(picture.height, session?.height ?? 0)
    session = nil
    let larger = try settings.bundle.session(batch: 1, width: width, height: height)
    session = (larger, width, height)
    return larger
  }
}
