import Archives
import ImageFiles
import Parallel
import PocketCLIP
import Verification

/// Computes the vectors of image files, in their order. A failed image is counted and does not stop the others.
struct ImageEncoder {
  private let stream: OrderedStream<String, ImageOutcome>
  private let itemCount: Int
  private var rotatedCount = 0
  private var clippedCount = 0
  private var scaledCount = 0
  private var failures: [Failure]

  /// - Parameter unreadable: folders that cannot be searched, which count as skipped.
  /// - Throws: errors from opening the bundle again.
  init(
    _ bundle: OpenBundle, files: [String], unreadable: [UnreadableFolder] = [], isNormalized: Bool = true,
    isTurnedUpright: Bool, scalesJPEG: Bool = false,
    limits: ImageFiles.Limits, contents: VectorContents? = nil
  ) throws {
    let allThreads = bundle.model.information.threads
    let threads = max(1, min(allThreads, files.count))
    let settings = ImageSettings(
      bundle: try bundle.limited(toThreads: allThreads / threads), isNormalized: isNormalized,
      isTurnedUpright: isTurnedUpright, scalesJPEG: scalesJPEG, memory: ImageMemory(limits),
      contents: contents)
    // The number of threads does not change the bits of a vector.
    stream = OrderedStream(files, threads: threads) {
      var worker = ImageWorker(settings)
      return { worker.outcome(of: $0) }
    }
    failures = unreadable.map(\.failure)
    itemCount = files.count + unreadable.count
  }

  /// The next image's vector, or its error after a warning; nil after the last image.
  mutating func next(_ console: Console) -> ImageOutcome? {
    guard let outcome = stream.next() else { return nil }
    if outcome.ignoresOrientation { rotatedCount += 1 }
    if outcome.isClippedGrey { clippedCount += 1 }
    if outcome.isScaled { scaledCount += 1 }
    if case .failure(let failure) = outcome.vector {
      if itemCount > 1 { console.warn("skipped: \(failure.message)") }
      failures.append(failure)
    }
    return outcome
  }

  /// Prints what applies to several images.
  ///
  /// - Parameters:
  ///   - isStrict: whether one failed image prevents all output.
  ///   - hasOthers: whether the command has results other than images of this run.
  /// - Returns: the first failure, with the number of failures and the status of the command; nil without any.
  func finish(_ console: Console, isStrict: Bool, hasOthers: Bool) -> Failure? {
    noteOrientation(console)
    noteClipping(console)
    noteScaling(console)
    guard var failure = failures.first else { return nil }
    let isDone = hasOthers || failures.count < itemCount
    guard itemCount > 1 || isDone else { return failure }
    let counts = "\(failures.count) of \(counted(itemCount, "image"))"
    guard !isStrict else {
      failure.message = "no output was written (--strict): \(counts) failed; the first: \(failure.message)"
      return failure
    }
    failure.message = "\(counts) skipped; the first: \(failure.message)"
    if isDone { failure.status = .someSkipped }
    return failure
  }

  private func noteOrientation(_ console: Console) {
    guard rotatedCount > 0 else { return }
    console.note(
      "note: the camera rotation (EXIF) of \(counted(rotatedCount, "image")) is ignored, as in the original code; "
        + "--upright applies it")
  }

  private func noteScaling(_ console: Console) {
    guard scaledCount > 0 else { return }
    console.note(
      "note: \(counted(scaledCount, "JPEG file")) decoded at a fraction of the size (--scaled-jpeg); their vectors differ "
        + "slightly from those without it")
  }

  private func noteClipping(_ console: Console) {
    guard clippedCount > 0 else { return }
    console.note(
      "note: the model sees \(counted(clippedCount, "image")) of 16-bit grey as nearly white, like the original code "
        + "(Pillow); save with 8 bits to avoid this")
  }
}
