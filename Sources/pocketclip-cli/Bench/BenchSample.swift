import Archives
import ImageFiles
import PocketCLIP
import Progress
import Verification

/// The images and texts on which variants are compared.
struct BenchSample {
  /// The user's images; nil for the built-in ones.
  private let files: [String]?
  /// The user's sentences; nil for the built-in texts.
  private let texts: [String]?
  private let limits: ImageFiles.Limits

  /// - Parameters: nil for the built-in images or texts.
  init(files: [String]?, texts: [String]?, limits: ImageFiles.Limits) {
    self.files = files
    self.texts = texts
    self.limits = limits
  }

  /// Images whose vectors are in memory at once.
  private static let chunkSize = 256

  /// - Parameter truth: the index of the variant with which all are compared. An image that it cannot read is left out.
  /// - Returns: one for each variant, and the errors of images that were left out.
  func fidelities(
    of variants: [BenchVariant], truth: Int, _ console: Console
  ) throws -> (fidelities: [BenchFidelity], failures: [Failure]) {
    let information = variants[truth].information
    let imageCount = information.hasImage ? files?.count ?? ProbeSet.standard.images.count : 0
    let hasTexts = information.hasText && information.hasTokenizer
    let texts = hasTexts ? self.texts ?? ProbeSet.standard.texts : []
    if hasTexts, let own = self.texts { try variants[truth].bundle.warnOfTokens(of: own, console) }
    console.progress.begin("comparing embeddings", .files, of: variants.count * (imageCount + texts.count))
    let textVectors = try variants.map { try vectors(of: texts, $0, console.progress) }
    var fidelities = textVectors.map { BenchFidelity(texts: $0, against: textVectors[truth]) }
    let choosesTexts = information.imageIsProjected && information.textIsProjected
    var failures: [Failure] = []
    var seen: Set<Int> = []
    var repeatedCount = 0
    for start in stride(from: 0, to: imageCount, by: Self.chunkSize) {
      let all = Array(start..<min(start + Self.chunkSize, imageCount))
      let found = try outcomes(of: all, variants[truth], console)
      failures += found.compactMap(\.failure)
      let read = zip(all, found).compactMap { index, outcome in (try? outcome.get()).map { (index, $0) } }
      // The same image again would count twice.
      let fresh = read.filter { seen.insert($0.1.hashValue).inserted }
      repeatedCount += read.count - fresh.count
      let kept = fresh.map(\.0)
      guard let expected = Vectors(rows: fresh.map(\.1)) else { continue }
      for index in variants.indices {
        let measured =
          index == truth
          ? expected : Vectors(rows: try outcomes(of: kept, variants[index], console).map { try $0.get() })
        guard let measured else { continue }
        let pair = textVectors[index].flatMap { own in textVectors[truth].map { (own, $0) } }
        fidelities[index].add(measured, against: expected, texts: choosesTexts ? pair : nil)
      }
    }
    if repeatedCount > 0 {
      console.note("note: \(counted(repeatedCount, "image")) equal to an earlier one: not counted again")
    }
    if let failure = failures.first, failures.count == imageCount { throw failure }
    return (fidelities, failures)
  }

  /// Nil without texts.
  private func vectors(
    of texts: [String], _ variant: BenchVariant, _ progress: WorkProgress
  ) throws(Failure) -> Vectors? {
    guard !texts.isEmpty else { return nil }
    let session = try variant.bundle.session(batch: Session.textBatch)
    do throws(PocketCLIPError) {
      return Vectors(rows: try session.encode(texts: texts, progress))
    } catch {
      throw Failure(error, file: variant.bundle.path)
    }
  }

  private func outcomes(
    of indices: [Int], _ variant: BenchVariant, _ console: Console
  ) throws -> [Result<[Float], Failure>] {
    if let files { return try outcomes(ofFiles: indices.map { files[$0] }, variant, console) }
    return try indices.map { index in
      defer { console.progress.add() }
      return .success(try vector(of: ProbeSet.standard.images[index], variant))
    }
  }

  private func outcomes(
    ofFiles files: [String], _ variant: BenchVariant, _ console: Console
  ) throws -> [Result<[Float], Failure>] {
    var encoder = try ImageEncoder(variant.bundle, files: files, isTurnedUpright: false, limits: limits)
    var outcomes: [Result<[Float], Failure>] = []
    while let outcome = encoder.next(console) {
      console.progress.add()
      outcomes.append(outcome.vector)
    }
    return outcomes
  }

  private func vector(of image: ProbeImage, _ variant: BenchVariant) throws(Failure) -> [Float] {
    let session = try variant.bundle.session(batch: 1, width: image.width, height: image.height)
    let input = Session.Image(pixels: image.pixels, width: image.width, height: image.height)
    do throws(PocketCLIPError) {
      return try session.encode(images: input.map { [$0] } ?? [])[0].get()
    } catch {
      throw Failure(error, file: variant.bundle.path)
    }
  }
}

extension Result {
  fileprivate var failure: Failure? {
    switch self {
    case .success: nil
    case .failure(let failure): failure
    }
  }
}

extension Vectors {
  /// Nil without rows.
  fileprivate init?(rows: [[Float]]) {
    guard let first = rows.first else { return nil }
    self.init(count: rows.count, width: first.count, values: rows.flatMap { $0.map(Double.init) })
  }
}
