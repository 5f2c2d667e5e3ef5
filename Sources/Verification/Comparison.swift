internal import Architecture
internal import Archives

/// Compares one set of outputs with another.
struct Comparison {
  var subject: String
  var truth: String
  var probes: String
  var thresholds: Thresholds
  /// The relative error of a stage that the subject's precision explains.
  var noise: Double
  /// Towers that the subject has and that must have been compared.
  var expectedTowers: [Tower]
  /// Differences found before the towers: pixels, tokens.
  var inputErrors: [Tower: StageError] = [:]
  /// Preprocessing and tokenizer compared with an original library; nil if both paths use PocketCLIP's.
  var inputs: InputReport?
  /// The original implementation's FP32 outputs on the same probes.
  var original: Outputs?
  /// Why the model's score does not give the golden's logits.
  var scoreFailure: String?
  /// Settings and tensors that differ from the source's; nil without a source.
  var settings: [SettingDifference]?
  var weights: [WeightError]?

  /// Of each tower: one could be right by accident.
  private static let leastProbes = 2
  /// How much more than usual an error must grow to name a stage of a tower that meets its bounds.
  private static let clearJump = 4.0

  func report(_ measured: Outputs, against truth: Outputs) -> Report {
    var judge = Judge()
    for failure in inputs?.failures ?? [] { judge.fail(failure) }
    var towers: [Tower: TowerReport] = [:]
    for tower in Tower.allCases {
      guard let mine = measured.vectors(tower), let theirs = truth.vectors(tower) else { continue }
      guard mine.width == theirs.width, mine.count == theirs.count else {
        judge.fail(
          "\(tower): \(mine.count) vectors of \(mine.width) values, the reference has \(theirs.count) of \(theirs.width)"
        )
        continue
      }
      var report = towerReport(tower, mine, theirs, measured, truth)
      let isWithinBounds = judge.judge(report, thresholds.bounds(tower), tower)
      if !isWithinBounds {
        report.divergence = Divergence(report.stages, noise: noise)
      } else if hasWrongWeights(tower) {
        report.divergence = Divergence(report.stages, noise: noise, factor: Self.clearJump)
      }
      if let divergence = inputs?.divergence(tower) { report.divergence = divergence }
      towers[tower] = report
      if mine.count < Self.leastProbes {
        judge.miss(
          "\(tower): \(counted(mine.count, tower == .image ? "image" : "text")) is too few to compare")
      }
    }
    for tower in expectedTowers where towers[tower] == nil {
      let needed = tower == .image ? "image" : "text"
      judge.miss("the \(tower) tower was not compared: both sides need the vector of at least 1 \(needed)")
    }
    let agreement = agreement(measured, truth)
    judge.judge(agreement, thresholds.agreement)
    if let scoreFailure { judge.fail(scoreFailure) }
    judge.judge(settings)
    judge.judge(weights)
    return Report(
      subject: subject, truth: self.truth, probes: probes,
      reference: measured.product ?? truth.product, thresholds: thresholds, verdict: judge.verdict,
      reasons: judge.reasons, inputs: inputs, image: towers[.image], text: towers[.text],
      agreement: agreement, settings: settings, weights: weights)
  }

  private func towerReport(
    _ tower: Tower, _ mine: Vectors, _ theirs: Vectors, _ measured: Outputs, _ truth: Outputs
  ) -> TowerReport {
    let metrics = Metrics(of: mine, against: theirs)
    var stages = inputErrors[tower].map { [$0] } ?? []
    stages += measured.stages(tower).errors(against: truth.stages(tower))
    if let last = measured.stages(tower).names.last {
      // The normalized embedding, as it is used: two unit vectors with cosine c have the distance √(2 − 2c).
      stages.removeAll { $0.stage == last }
      stages.append(
        StageError(
          stage: last, error: max(0, 2 - 2 * metrics.worstCosine).squareRoot(),
          worstCosine: metrics.worstCosine,
          maximumAbsolute: metrics.maximumAbsolute))
    }
    return TowerReport(
      metrics: metrics, original: original?.vectors(tower).map { Metrics(of: $0, against: theirs) },
      stages: stages)
  }

  private func hasWrongWeights(_ tower: Tower) -> Bool {
    (weights ?? []).contains { $0.tensor.hasPrefix("visual.") == (tower == .image) }
  }

  private func agreement(_ measured: Outputs, _ truth: Outputs) -> Agreement? {
    guard let images = measured.images, let texts = measured.texts, let trueImages = truth.images,
      let trueTexts = truth.texts, images.width == texts.width, trueImages.width == trueTexts.width,
      images.count == trueImages.count, texts.count == trueTexts.count
    else { return nil }
    return Agreement((images, texts), (trueImages, trueTexts))
  }
}

extension InputReport {
  /// The stage before the towers that already differs.
  fileprivate func divergence(_ tower: Tower) -> Divergence? {
    switch tower {
    case .image:
      guard let pixels = preprocessing, pixels.status == .differs else { return nil }
      let share = Double(pixels.differing) / Double(max(pixels.values, 1))
      return Divergence(before: StageName.pixels, error: max(share, pixels.normalization))
    case .text:
      for (stage, report) in [(StageName.tokens, tokenizer), (StageName.pooling, pooling)] {
        guard let report, report.status == .differs else { continue }
        return Divergence(before: stage, error: Double(report.differing) / Double(max(report.texts, 1)))
      }
      return nil
    }
  }
}

/// Collects what failed and what is missing.
private struct Judge {
  private(set) var reasons: [String] = []
  private var failureCount = 0
  private var hasMissed = false

  var verdict: Report.Verdict { failureCount > 0 ? .fail : hasMissed ? .insufficient : .pass }

  mutating func fail(_ reason: String) {
    failureCount += 1
    reasons.append(reason)
  }

  mutating func miss(_ reason: String) {
    hasMissed = true
    reasons.append(reason)
  }

  /// - Returns: whether the tower is within its bounds.
  mutating func judge(_ report: TowerReport, _ bounds: Thresholds.Bounds?, _ tower: Tower) -> Bool {
    guard let bounds else {
      miss("no bound is known for the \(tower) tower of this architecture")
      return true
    }
    let failuresBefore = failureCount
    let metrics = report.metrics
    if let least = bounds.worstCosine, !(metrics.worstCosine >= least) {
      let worst = BoundedFigure.text(metrics.worstCosine, digits: 9, atLeast: least)
      fail("\(tower): worst cosine \(worst) is below \(least)")
    }
    if let most = bounds.maximumAbsolute, !(metrics.maximumAbsolute <= most) {
      let largest = BoundedFigure.text(metrics.maximumAbsolute, atMost: most)
      fail("\(tower): largest difference \(largest) is above \(most)")
    }
    if let ratio = bounds.rmsRatio, let original = report.original, !(metrics.rms <= ratio * original.rms) {
      let rms = BoundedFigure.text(metrics.rms, atMost: ratio * original.rms)
      fail("\(tower): RMS error \(rms) is above \(ratio) times the original's \(original.rms.scientific)")
    }
    return failureCount == failuresBefore
  }

  mutating func judge(_ settings: [SettingDifference]?) {
    for setting in settings ?? [] { fail("setting \(setting.text)") }
  }

  mutating func judge(_ weights: [WeightError]?) {
    guard let weights, let first = weights.first else { return }
    let others = weights.count > 1 ? "; \(weights.count - 1) more tensors differ" : ""
    fail("\(first.text)\(others)")
  }

  mutating func judge(_ agreement: Agreement?, _ least: Double?) {
    guard let agreement, let least, agreement.fraction < least else { return }
    fail(
      "zero-shot: \(agreement.agreeing) of \(counted(agreement.images, "image")) choose the same text; the bound "
        + "is \(agreement.count(for: least))")
  }
}
