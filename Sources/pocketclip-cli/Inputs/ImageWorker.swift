import BundleFormat
import Foundation
import ImageFiles
import ImagePreprocessing
import PocketCLIP
import Verification

/// Settings for encoding all images of a run.
struct ImageSettings: Sendable {
  let bundle: OpenBundle
  let isNormalized: Bool
  let isTurnedUpright: Bool
  /// Whether large JPEGs are decoded at a fraction of their size.
  let scalesJPEG: Bool
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
  var isScaled = false
}

/// Decodes and encodes images, one after the other on one thread.
struct ImageWorker {
  private let settings: ImageSettings
  private let target: ImageTarget
  private let preprocessor: ImagePreprocessor
  /// Samples of the last image, whose memory the next one reuses.
  private var memory: [UInt8] = []
  /// The image tower's input: `[3, imageSize, imageSize]`.
  private var planes: [Float]
  private var session: Session?

  init(_ settings: ImageSettings) {
    self.settings = settings
    let information = settings.bundle.model.information
    let kernels = ResizeKernels(named: information.instructionSet)
    target = ImageTarget(
      settings.bundle.description.preprocessing, imageSize: information.imageSize,
      isTurnedUpright: settings.isTurnedUpright, scalesJPEG: settings.scalesJPEG, kernels: kernels)
    preprocessor = ImagePreprocessor(target.preprocessing, imageSize: target.imageSize, kernels: kernels)
    planes = [Float](repeating: 0, count: 3 * target.imageSize * target.imageSize)
  }

  mutating func outcome(of path: String) -> ImageOutcome {
    do throws(Failure) {
      // Hashes the bytes that are decoded, because the file may change after it was read.
      let bytes = try ImageInput.bytes(of: path, settings.memory.limits)
      let content = settings.contents.map { _ in InputContent(bytes) }
      if let content, let vector = settings.contents?.vector(of: content.hash) {
        return ImageOutcome(path: path, vector: .success(vector), content: content)
      }
      let plan = try ImageInput.plan(path, bytes, settings.memory.limits, target)
      let image = try settings.memory.withRoom(for: plan, file: path) { () throws(Failure) in
        try prepared(bytes, plan)
      }
      return ImageOutcome(
        path: path, vector: Result { () throws(Failure) in try vector(of: image, path) }, content: content,
        ignoresOrientation: image.orientation != nil, isClippedGrey: image.mode == .grey16,
        isScaled: image.isScaled)
    } catch {
      return ImageOutcome(path: path, vector: .failure(error))
    }
  }

  private mutating func prepared(_ bytes: Data, _ plan: ImagePlan) throws(Failure) -> PreparedFile {
    // Large images are rare, and each thread would keep the memory of one.
    defer { if memory.count > Self.keptByteCount { memory = [] } }
    return try ImageInput.prepared(bytes, plan, reusing: &memory)
  }

  /// The most bytes kept for the next image: 16 million pixels of three bytes.
  private static let keptByteCount = 48_000_000

  private mutating func vector(of image: PreparedFile, _ path: String) throws(Failure) -> [Float] {
    do throws(ImageFault) {
      let preprocessor = preprocessor  // Using the property would lend all of `self`.
      var span = planes.mutableSpan
      try preprocessor.normalize(image.square.span, into: &span)
    } catch {
      throw Failure(.data, "\(path): the image cannot be prepared: \(error)", hint: "leave it out")
    }
    let session = try openSession()
    do throws(PocketCLIPError) {
      return try session.encode(batch: planes, normalized: settings.isNormalized)[0]
    } catch {
      throw Failure(error, file: path)
    }
  }

  /// One session is used for all images.
  private mutating func openSession() throws(Failure) -> Session {
    if let session { return session }
    let opened = try settings.bundle.session(batch: 1)
    session = opened
    return opened
  }
}
