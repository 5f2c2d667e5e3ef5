public import Architecture

/// What a comparison found, measured against thresholds that it states.
public struct Report: Sendable, Equatable, Codable {
  public enum Verdict: String, Sendable, Equatable, Codable {
    case pass, fail
    /// Nothing failed, but something that should have been compared was not: never a pass.
    case insufficient
  }

  public let schema: String
  public let version: Int
  /// What was verified.
  public var subject: String
  /// What it was compared with.
  public var truth: String
  /// The probe set's id, or the golden file.
  public var probes: String
  /// The matrix product that the FP32 reference ran on; nil where no reference ran. Its bits depend on it.
  public var reference: String?
  public var thresholds: Thresholds
  public var verdict: Verdict
  /// Why it failed or was insufficient, one sentence each.
  public var reasons: [String]
  /// Preprocessing and tokenizer against the original library's; nil without a golden file, where both sides are ours.
  public var inputs: InputReport?
  public var image: TowerReport?
  public var text: TowerReport?
  public var agreement: Agreement?
  /// Tensors of a bundle that are not its source's; nil where weights were not compared.
  public var weights: [WeightError]?

  init(
    subject: String, truth: String, probes: String, reference: String?, thresholds: Thresholds,
    verdict: Verdict,
    reasons: [String], inputs: InputReport?, image: TowerReport?, text: TowerReport?, agreement: Agreement?,
    weights: [WeightError]?
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
    self.weights = weights
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
  /// What the original implementation's FP32 has against the same truth, where a golden file tells.
  public var original: Metrics?
  /// Relative errors stage by stage.
  public var stages: [StageError]
  /// The first stage out of proportion, where the tower misses its bounds.
  public var divergence: Divergence?
}
