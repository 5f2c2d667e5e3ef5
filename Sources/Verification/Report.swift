public import Architecture

/// The result of a comparison, with the thresholds that it applied.
public struct Report: Sendable, Equatable, Codable {
  public enum Verdict: String, Sendable, Equatable, Codable {
    case pass, fail
    /// Nothing failed, but a part that should have been compared was not. This is never a pass.
    case insufficient
  }

  public let schema: String
  public let version: Int
  /// The verified model.
  public var subject: String
  /// The reference of the comparison.
  public var truth: String
  /// The probe set's id, or the golden file.
  public var probes: String
  /// The matrix product of the FP32 reference, which determines its exact bits; nil if no reference ran.
  public var reference: String?
  public var thresholds: Thresholds
  public var verdict: Verdict
  /// Why it failed or is insufficient, one sentence each.
  public var reasons: [String]
  /// Preprocessing and tokenizer compared with the original library; nil without a golden file, because both sides
  /// then use PocketCLIP's.
  public var inputs: InputReport?
  public var image: TowerReport?
  public var text: TowerReport?
  public var agreement: Agreement?
  /// Settings of a bundle (b) that differ from the source's (a); nil without a source.
  public var settings: [SettingDifference]?
  /// Whether settings that the source does not record were taken from the bundle, and so not compared.
  public var takesSettingsFromBundle: Bool?
  /// Tensors of a bundle that differ from the source's; nil if weights were not compared.
  public var weights: [WeightError]?
  /// The same on the user's images and texts; nil without them.
  public var sample: SampleReport?

  init(
    subject: String, truth: String, probes: String, reference: String?, thresholds: Thresholds,
    verdict: Verdict,
    reasons: [String], inputs: InputReport?, image: TowerReport?, text: TowerReport?, agreement: Agreement?,
    settings: [SettingDifference]?, weights: [WeightError]?
  ) {
    schema = "pocketclip.verify"
    version = 1
    self.subject = subject
    self.truth = truth
    self.probes = probes
    self.reference = reference
    self.thresholds = thresholds
    self.verdict = verdict
    self.reasons = reasons
    self.inputs = inputs
    self.image = image
    self.text = text
    self.agreement = agreement
    self.settings = settings
    self.weights = weights
  }

  /// For what was found before the comparison.
  public mutating func fail(_ reason: String) {
    verdict = .fail
    reasons.insert(reason, at: 0)
  }

  public func tower(_ tower: Tower) -> TowerReport? {
    switch tower {
    case .image: image
    case .text: text
    }
  }
}

/// Figures of one tower.
public struct TowerReport: Sendable, Equatable, Codable {
  public var metrics: Metrics
  /// The error of the original implementation's FP32 against the same reference, if a golden file has it.
  public var original: Metrics?
  public var stages: [StageError]
  /// The first disproportionate stage, if the tower misses its bounds.
  public var divergence: Divergence?
}
