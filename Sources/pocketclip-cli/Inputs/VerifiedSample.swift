import Architecture
import Archives
import BundleFormat
import ImageFiles
import Models
import PocketCLIP
import Progress
import Verification

/// Compares a bundle with its source on the user's images and labels.
struct VerifiedSample {
  private let options: SampleOptions
  private let found: FoundImages?
  private let texts: [String]

  /// - Throws: usage and input errors, before anything is computed.
  init?(_ options: SampleOptions, _ console: Console) throws(Failure) {
    guard !options.given.isEmpty else { return nil }
    self.options = options
    found = try options.images(console)
    texts = try options.texts(console) ?? []
  }

  var files: [String] { found?.files ?? [] }

  /// Images that are decoded at once.
  private static let chunkSize = 16

  /// - Returns: one report per arithmetic, and the errors of skipped images.
  func reports(
    on bundle: OpenBundle, _ arithmetics: [Model.Arithmetic], _ model: CLIPModel, _ request: ReferenceRequest,
    _ console: Console
  ) throws -> (reports: [SampleReport], failures: [Failure]) {
    let information = bundle.model.information
    let hasTexts = information.hasText && information.hasTokenizer && model.architecture.text != nil
    let tower = model.architecture.image
    try options.requireUse(hasImages: information.hasImage && tower != nil, hasTexts: hasTexts)
    if hasTexts, !texts.isEmpty { try bundle.warnOfTokens(of: texts, console) }
    let texts = texts.isEmpty && hasTexts ? ProbeSet.standard.texts : texts
    console.progress.begin("comparing your images", .images, of: files.count)
    var comparison = try SampleComparison(
      bundle, arithmetics, with: model, texts: texts, imageCount: files.count, reference: request)
    var failures = found?.unreadable.map(\.failure) ?? []
    var reader = SampleReader(
      bundle: bundle.description.preprocessing, source: model.preprocessing, imageSize: tower?.imageSize ?? 1,
      options.size.limits)
    for start in stride(from: 0, to: files.count, by: Self.chunkSize) {
      var images: [SampleImage] = []
      for file in files[start..<min(start + Self.chunkSize, files.count)] {
        do throws(Failure) {
          if let image = try reader.next(file) { images.append(image) } else { console.progress.add() }
        } catch {
          console.warn("skipped: \(error.message)")
          failures.append(error)
          console.progress.add()
        }
      }
      guard !images.isEmpty else { continue }
      try comparison.add(images)
      console.progress.add(images.count)
    }
    if reader.repeatedCount > 0 {
      console.note(
        "note: \(counted(reader.repeatedCount, "image")) equal to an earlier one: not counted again")
    }
    // An unreadable folder is a failure too, so the failures cannot tell whether any image was compared.
    if let failure = failures.last, reader.count == 0, !files.isEmpty { throw failure }
    return (comparison.results, failures)
  }
}

/// Reads the images of a sample, each once.
private struct SampleReader {
  private let bundle: Preprocessing
  /// Nil if it is the bundle's.
  private let source: Preprocessing?
  private let imageSize: Int
  private let limits: ImageFiles.Limits
  private var seen: Set<Int> = []
  private(set) var repeatedCount = 0

  init(bundle: Preprocessing, source: Preprocessing?, imageSize: Int, _ limits: ImageFiles.Limits) {
    self.bundle = bundle
    self.source = source == bundle ? nil : source
    self.imageSize = imageSize
    self.limits = limits
  }

  var count: Int { seen.count }

  /// Nil for an image with the same pixels as an earlier one.
  mutating func next(_ file: String) throws(Failure) -> SampleImage? {
    let image = try ProbeImage(file: file, bundle, imageSize: imageSize, limits)
    var hasher = Hasher()
    hasher.combine(image.width)
    image.pixels.withUnsafeBytes { hasher.combine(bytes: $0) }
    guard seen.insert(hasher.finalize()).inserted else {
      repeatedCount += 1
      return nil
    }
    let other = try source.map { settings throws(Failure) in
      try ProbeImage(file: file, settings, imageSize: imageSize, limits)
    }
    return SampleImage(name: file, bundle: image, source: other ?? image)
  }
}
