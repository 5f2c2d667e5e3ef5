internal import Architecture
internal import BundleFormat
public import Models
public import Progress
internal import ReferenceForward
public import Verification

/// Compares two models: settings, canonical weights, and the embeddings of built-in images and texts.
///
/// Both models run in the FP32 reference, a bundle with its weights dequantized. So the report shows what the weights and
/// settings change, not the arithmetic of a runtime.
public struct DiffRequest: Sendable {
  public enum Bisecting: Sendable {
    /// If the models differ and embeddings move by more than `DiffRequest.noticeableDistance`.
    case automatic
    /// If embeddings differ at all.
    case always
    case never
  }

  public var a, b: CLIPModel
  public var comparesEmbeddings = true
  public var bisecting = Bisecting.automatic
  /// The most forward passes of each tower's bisection; nil for 32 to 400, by the size of the tower.
  public var mostPasses: Int?
  public var reference = ReferenceRequest()
  public var progress = WorkProgress.unwatched

  /// 1 − cosine from which embeddings are bisected automatically: more than storing weights as FP16 moves them.
  public static let noticeableDistance = 1e-5

  public init(_ a: CLIPModel, _ b: CLIPModel) {
    self.a = a
    self.b = b
  }

  /// - Throws: errors of reading weights, with their file; `reference`.
  public func report() throws(VerificationError) -> DiffReport {
    var report = DiffReport()
    report.settings = SettingDifference.all(a, b)
    do throws(ModelError) {
      report.weights = try WeightDiff(a, b).differences(progress)
      report.weights.idsAgree = try idsAgree()
    } catch {
      throw .model(error)
    }
    report.verdict = report.weights.verdict(haveSameSettings: report.settings.isEmpty)
    if comparesEmbeddings, report.verdict != .same { try compareEmbeddings(&report) }
    return report
  }

  private func idsAgree() throws(ModelError) -> [Tower: Bool] {
    guard a.bundle != nil || b.bundle != nil else { return [:] }
    var agree: [Tower: Bool] = [:]
    let (one, other) = (try SpaceID(of: a, progress), try SpaceID(of: b, progress))
    if let one = one.image, let other = other.image { agree[.image] = one == other }
    if let one = one.text, let other = other.text { agree[.text] = one == other }
    return agree
  }
}

extension WeightDifferences {
  fileprivate func verdict(haveSameSettings: Bool) -> DiffReport.Verdict {
    guard haveSameSettings, haveSameNames, count(.different) == 0 else { return .different }
    if count(.explained) > 0 {
      return !idsAgree.isEmpty && idsAgree.values.allSatisfy(\.self) ? .quantized : .different
    }
    return count(.rounded) > 0 ? .rounded : .same
  }
}

extension DiffRequest {
  private func compareEmbeddings(_ report: inout DiffReport) throws(VerificationError) {
    let mixture = Mixture(a: a, b: b)
    var product: MatrixProduct?
    for tower in Tower.allCases {
      let tensors = ExchangeableTensors(tower, report.weights.differences, b.schema.parameters)
      if let reason = reasonToSkip(tower, mixture, tensors) {
        if !reason.isEmpty { report.skipped.append(DiffReport.SkippedTower(tower: tower, reason: reason)) }
        continue
      }
      var running = if let product { product } else { try reference.start() }
      product = running
      let progress = progress
      running.onMultiplyAdds = { progress.add($0) }
      let probes = try TowerProbes(tower, a, b, .standard, running)
      progress.begin(
        "embedding \(tower == .image ? "images" : "texts")", .operations,
        of: probes.multiplyAdds(a.architecture) + probes.multiplyAdds(b.architecture))
      let (truth, measured) = (try probes.vectors(of: a), try probes.vectors(of: b))
      report.embeddings.append(
        EmbeddingDifference(tower: tower, metrics: Metrics(of: measured, against: truth)))
      let cosines = measured.cosines(with: truth)
      guard isBisected(report.verdict, worst: cosines.reduce(1, min)) else { continue }
      let chosen = probes.keeping(worst(cosines, probes))
      let allowed = mostPasses ?? passes(chosen)
      var run = try BisectionRun(mixture, chosen, mostPasses: allowed, progress)
      report.bisections.append(try run.run(tensors))
    }
    report.product = product?.name
  }

  /// Nil if the tower's embeddings can be compared; empty if no model has it.
  private func reasonToSkip(_ tower: Tower, _ mixture: Mixture, _ tensors: ExchangeableTensors) -> String? {
    switch (a.architecture.towers.contains(tower), b.architecture.towers.contains(tower)) {
    case (false, false): return ""
    case (true, false): return "only A has it"
    case (false, true): return "only B has it"
    case (true, true): break
    }
    func shapes(_ model: CLIPModel) -> [String: [Int]] {
      Dictionary(
        model.schema.parameters.filter { $0.tower == tower }.map { ($0.name.description, $0.shape) }
      ) { first, _ in first }
    }
    if shapes(a) != shapes(b) { return "its tensors differ in names or shapes" }
    let isEqual = tensors.single.isEmpty && mixture.settings(of: tower).isEmpty
    guard isEqual else { return nil }
    return tower == .text && a.tokenizer != b.tokenizer
      ? "the tower is the same, and the tokenizers give it other ids" : "weights and settings are equal"
  }

  private func isBisected(_ verdict: DiffReport.Verdict, worst: Double) -> Bool {
    switch bisecting {
    case .automatic: verdict == .different && 1 - worst > Self.noticeableDistance
    case .always: worst < 1
    case .never: false
    }
  }

  /// The probes that differ most: few, and fewer of a large tower.
  private func worst(_ cosines: [Double], _ probes: TowerProbes) -> [Int] {
    let affordable = Self.affordableOfPass / max(1, probes.multiplyAddsOfOne(b.architecture))
    let count = min(Self.mostProbes, max(1, affordable))
    let ranked = cosines.indices.sorted { (cosines[$0], $0) < (cosines[$1], $1) }
    return ranked.prefix(count).sorted()
  }

  private func passes(_ probes: TowerProbes) -> Int {
    let affordable = Self.affordableOfTower / max(1, probes.multiplyAdds(b.architecture))
    return min(Self.passRange.upperBound, max(Self.passRange.lowerBound, affordable))
  }

  private static let mostProbes = 4
  /// Multiply-adds of one pass, and of a tower's bisection: less than a minute on two idle processors with AVX-512.
  private static let affordableOfPass = 20_000_000_000
  private static let affordableOfTower = 2_000_000_000_000
  private static let passRange = 32...400
}
