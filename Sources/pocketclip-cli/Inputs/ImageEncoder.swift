import Archives
import ImageFiles
import Parallel
import PocketCLIP
import Verification

/// Turns image files into vectors, in their order: a bad one is counted and does not stop the rest.
struct ImageEncoder {
  private let stream: OrderedStream<String, ImageOutcome>
  private let imageCount: Int
  private var rotatedCount = 0
  private var clippedCount = 0
  private var failures: [Failure] = []

  /// - Throws: what opening the bundle once more throws.
  init(
    _ bundle: OpenBundle, files: [String], isNormalized: Bool = true, isTurnedUpright: Bool,
    limits: ImageFiles.Limits, contents: VectorContents? = nil
  ) throws {
    let allThreads = bundle.model.information.threads
    let threads = max(1, min(allThreads, files.count))
    let settings = ImageSettings(
      bundle: try bundle.limited(toThreads: allThreads / threads), isNormalized: isNormalized,
      isTurnedUpright: isTurnedUpright, memory: ImageMemory(limits), contents: contents)
    // Vectors have the same bits however many threads there are.
    stream = OrderedStream(files, threads: threads) {
      var worker = ImageWorker(settings)
      return { worker.outcome(of: $0) }
    }
    imageCount = files.count
  }

  /// The next image's vector, or why it has none, after a warning; nil after the last.
  mutating func next(_ console: Console) -> ImageOutcome? {
    guard let outcome = stream.next() else { return nil }
    if outcome.ignoresOrientation { rotatedCount += 1 }
    if outcome.isClippedGrey { clippedCount += 1 }
    if case .failure(let failure) = outcome.vector {
      console.progress(nil)
      if imageCount > 1 { console.warn("skipped: \(failure.message)") }
      failures.append(failure)
    }
    return outcome
  }

  /// Tells what applies to several images.
  ///
  /// - Throws: the first failure, with how many there were.
  func finish(_ console: Console) throws(Failure) {
    if rotatedCount > 0 {
      console.note(
        "note: \(counted(rotatedCount, "image")) with a camera rotation (EXIF) taken as stored, as the original code "
          + "does; --upright obeys it")
    }
    if clippedCount > 0 {
      console.note(
        "note: \(counted(clippedCount, "image")) of 16-bit grey nearly white to the model, as to the original code "
          + "(Pillow): save as 8 bits to change that")
    }
    guard var failure = failures.first else { return }
    if imageCount > 1 {
      failure.message =
        "\(failures.count) of \(counted(imageCount, "image")) skipped; the first: \(failure.message)"
    }
    throw failure.followingOutput()
  }
}
