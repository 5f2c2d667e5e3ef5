import Architecture
import BundleFormat
import Models
import PocketCLIP
import Progress
import Verification

/// Compares a bundle with its source on the user's images and labels.
struct VerifiedSample {
  let options: SampleOptions
  let found: FoundImages?
  let texts: [String]

  /// - Throws: usage and input errors, before anything is computed.
  init?(_ options: SampleOptions, _ console: Console) throws(Failure) {
    guard !options.given.isEmpty else { return nil }
    self.options = options
    found = try options.images(console)
    texts = try options.texts(console) ?? []
  }

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
    let files = found?.files ?? []
    let texts = texts.isEmpty && hasTexts ? ProbeSet.standard.texts : texts
    console.progress.begin("comparing your images", .images, of: files.count)
    var comparison = try SampleComparison(
      bundle, arithmetics, with: model, texts: texts, imageCount: files.count, reference: request)
    var failures = found?.unreadable.map(\.failure) ?? []
    var comparedCount = 0
    for start in stride(from: 0, to: files.count, by: Self.chunkSize) {
      var (images, names) = ([ProbeImage](), [String]())
      for file in files[start..<min(start + Self.chunkSize, files.count)] {
        do throws(Failure) {
          images.append(
            try ProbeImage(
              file: file, bundle.description.preprocessing, imageSize: tower?.imageSize ?? 1, options.limits))
          names.append(file)
        } catch {
          console.warn("skipped: \(error.message)")
          failures.append(error)
          console.progress.add()
        }
      }
      guard !images.isEmpty else { continue }
      try comparison.add(images, names: names)
      comparedCount += images.count
      console.progress.add(images.count)
    }
    // An unreadable folder is a failure too, so the failures cannot tell whether any image was compared.
    if let failure = failures.last, comparedCount == 0, !files.isEmpty { throw failure }
    return (comparison.results, failures)
  }
}
