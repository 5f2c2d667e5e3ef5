import BundleFormat
import PocketCLIP

/// Turns picture files into vectors, one at a time: a bad one is counted and does not stop the rest.
struct PictureEncoder {
  let bundle: BundleInput
  let isNormalized: Bool
  let isTurnedUpright: Bool
  /// How many pictures there will be.
  let pictureCount: Int
  private var session: (session: Session, width: Int, height: Int)?
  private var rotatedCount = 0
  private var clippedCount = 0
  private var failures: [Failure] = []

  init(_ bundle: BundleInput, pictureCount: Int, isNormalized: Bool = true, isTurnedUpright: Bool) {
    self.bundle = bundle
    self.pictureCount = pictureCount
    self.isNormalized = isNormalized
    self.isTurnedUpright = isTurnedUpright
  }

  /// - Throws: why this picture has no vector, after a warning.
  mutating func vector(of path: String, _ console: Console) throws(Failure) -> [Float] {
    do throws(Failure) {
      return try encode(path)
    } catch {
      console.progress(nil)
      if pictureCount > 1 { console.warn("skipped: \(error.message)") }
      failures.append(error)
      throw error
    }
  }

  /// Tells what applies to several pictures.
  ///
  /// - Throws: the first failure, with how many there were.
  func finish(_ console: Console) throws(Failure) {
    if rotatedCount > 0 {
      console.note(
        "note: \(counted(rotatedCount, "picture")) with a camera rotation (EXIF) taken as stored, as the original code "
          + "does; --upright obeys it")
    }
    if clippedCount > 0 {
      console.note(
        "note: \(counted(clippedCount, "picture")) of 16-bit grey nearly white to the model, as to the original code "
          + "(Pillow): save as 8 bits to change that")
    }
    guard var failure = failures.first else { return }
    if pictureCount > 1 {
      failure.message =
        "\(failures.count) of \(counted(pictureCount, "picture")) skipped; the first: \(failure.message)"
    }
    throw failure.followingOutput()
  }

  private mutating func encode(_ path: String) throws(Failure) -> [Float] {
    let input = try PictureInput(
      path, preprocessing: bundle.header.description.preprocessing,
      imageSize: bundle.model.information.imageSize, isTurnedUpright: isTurnedUpright)
    if input.ignoredOrientation != nil { rotatedCount += 1 }
    if input.isClippedGrey { clippedCount += 1 }
    let session = try session(for: input.picture)
    do throws(PocketCLIPError) {
      return try session.encode(pictures: [input.picture], normalized: isNormalized)[0].get()
    } catch {
      throw Failure(error, file: path)
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
    let larger = try bundle.session(batch: 1, width: width, height: height)
    session = (larger, width, height)
    return larger
  }
}
