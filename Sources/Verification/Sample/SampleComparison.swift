internal import Architecture
internal import BundleFormat
public import Models
public import PocketCLIP
internal import Progress

/// Compares a bundle with the FP32 reference on any number of images, a few at a time. Memory grows with the texts only.
public struct SampleComparison {
  private let reference: ReferencePath
  private let runtimes: [RuntimePath]
  private let texts: [String]
  /// Unit vectors.
  private let trueTexts: Vectors?
  private let ownTexts: [Vectors?]
  private var reports: [SampleReport]
  private var counters: [DecisionCounter?]

  /// Runs the texts.
  ///
  /// - Parameters:
  ///   - texts: the labels to choose from; empty for none.
  ///   - imageCount: how many images will be added at most.
  public init(
    _ bundle: OpenBundle, _ arithmetics: [Model.Arithmetic], with model: CLIPModel, texts: [String],
    imageCount: Int,
    reference request: ReferenceRequest
  ) throws(VerificationError) {
    var request = request
    request.onStart = nil
    reference = ReferencePath(model: model, request: request)
    self.texts = texts
    var runtimes: [RuntimePath] = []
    for arithmetic in arithmetics { runtimes.append(try RuntimePath(bundle, arithmetic: arithmetic)) }
    self.runtimes = runtimes
    let probes = ProbeSet(name: "texts", images: [], texts: texts)
    let truth = texts.isEmpty ? nil : try Self.outputs(reference, probes).texts
    trueTexts = truth?.normalized
    var own: [Vectors?] = []
    for runtime in runtimes {
      own.append(truth == nil ? nil : try runtime.run(try runtime.prepare(probes), .unwatched).texts)
    }
    let score: Score?
    do throws(ModelError) { score = try model.score() } catch { throw .model(error) }
    // Hidden states, of towers without a projection, have no similarity, even if their widths are equal.
    let information = bundle.model.information
    let choosesLabels = information.imageIsProjected && information.textIsProjected
    ownTexts = choosesLabels ? own.map { $0?.normalized } : own.map { _ in nil }
    counters = own.map { own -> DecisionCounter? in
      guard choosesLabels, let own, let truth else { return nil }
      return DecisionCounter(measured: own, truth: truth, score: score, imageCount: imageCount)
    }
    reports = own.map { own in
      var report = SampleReport()
      guard let own, let truth else { return report }
      var sample = TowerSample()
      for (text, cosine) in zip(texts, own.cosines(to: truth)) {
        sample.add(TowerSample.Example(name: text, cosine: cosine))
      }
      report.text = sample
      return report
    }
  }

  private static func outputs(
    _ path: ReferencePath, _ probes: ProbeSet
  ) throws(VerificationError) -> Outputs {
    try path.run(try path.prepare(probes), .unwatched)
  }

  public mutating func add(_ images: [SampleImage]) throws(VerificationError) {
    let names = images.map(\.name)
    let probes = ProbeSet(name: "images", images: images.map(\.bundle), texts: [])
    let sources = ProbeSet(name: "images", images: images.map(\.source), texts: [])
    guard let truth = try Self.outputs(reference, sources).images else { return }
    for index in runtimes.indices {
      guard let own = try runtimes[index].run(try runtimes[index].prepare(probes), .unwatched).images else {
        continue
      }
      let labels = labels(of: own, ownTexts[index])
      let expected = labels == nil ? nil : self.labels(of: truth, trueTexts)
      var sample = reports[index].image ?? TowerSample()
      for (image, cosine) in own.cosines(to: truth).enumerated() {
        sample.add(
          TowerSample.Example(
            name: names[image], cosine: cosine, label: labels?[image], expectedLabel: expected?[image]))
      }
      reports[index].image = sample
      addSimilarities(index, own, truth, names)
      counters[index]?.add(measured: own, truth: truth)
    }
  }

  /// While fewer than the most images are there.
  private mutating func addSimilarities(_ index: Int, _ own: Vectors, _ truth: Vectors, _ names: [String]) {
    guard let texts = ownTexts[index], let trueTexts, texts.width == own.width else { return }
    var difference =
      reports[index].similarity
      ?? SimilarityDifference(texts: Array(self.texts.prefix(SimilarityDifference.most)))
    let measured = own.normalized.similarities(to: texts)
    let expected = truth.normalized.similarities(to: trueTexts)
    for image in names.indices.prefix(SimilarityDifference.most - difference.images.count) {
      difference.images.append(names[image])
      difference.values.append(
        zip(measured.row(image), expected.row(image)).prefix(difference.texts.count).map { $0 - $1 })
    }
    reports[index].similarity = difference
  }

  /// The label of each image; nil without texts, or with another width.
  private func labels(of images: Vectors, _ vectors: Vectors?) -> [String]? {
    guard let vectors, vectors.width == images.width else { return nil }
    return images.normalized.similarities(to: vectors).largestColumns.map { texts[$0] }
  }

  /// One per arithmetic.
  public var results: [SampleReport] {
    zip(reports, counters).map { report, counter in
      var report = report
      report.decisions = counter?.decisions
      return report
    }
  }
}

/// One of the user's images, as each side's rules for transparency and palettes read it.
public struct SampleImage: Sendable {
  public var name: String
  public var bundle, source: ProbeImage

  public init(name: String, bundle: ProbeImage, source: ProbeImage) {
    (self.name, self.bundle, self.source) = (name, bundle, source)
  }
}

extension Vectors {
  /// Of each row with the same row of the other.
  func cosines(to other: Vectors) -> [Double] {
    let (mine, theirs) = (normalized, other.normalized)
    return (0..<count).map { index in
      zip(mine.row(index), theirs.row(index)).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}
