public import Models
public import PocketCLIP
public import Progress

/// The requirements for a bundle that is run with one arithmetic.
public struct Demand: Sendable, Equatable {
  public var arithmetic: Model.Arithmetic
  /// Nil for the defaults of the bundle's precisions.
  public var thresholds: Thresholds?

  public init(arithmetic: Model.Arithmetic, thresholds: Thresholds? = nil) {
    self.arithmetic = arithmetic
    self.thresholds = thresholds
  }
}

/// The FP32 reference's outputs on a checkpoint, for any number of bundles.
public struct ReferenceOutputs: Sendable {
  let name: String
  let inputs: Inputs
  let outputs: Outputs

  public init(
    _ model: CLIPModel, _ probes: ProbeSet, _ reference: ReferenceRequest, _ progress: WorkProgress
  ) throws(VerificationError) {
    let reference = ReferencePath(model: model, request: reference)
    name = model.source.fileName
    inputs = try reference.prepare(probes)
    outputs = try reference.run(inputs, progress)
  }
}

/// What a bundle is compared with, independent of its arithmetic.
struct SourceTruth {
  let reference: ReferenceOutputs
  /// Settings of the bundle that differ from the source's.
  let settings: [SettingDifference]
  /// Errors of the bundle's stored weights.
  let weights: [WeightError]

  init(
    _ model: CLIPModel, for runtime: RuntimePath, _ reference: ReferenceOutputs, _ progress: WorkProgress
  ) throws(VerificationError) {
    guard runtime.sharesTower(with: model) else {
      throw .incomparable("\(runtime.path) and \(model.source.fileName) have no tower in common")
    }
    self.reference = reference
    let restored = try runtime.restoredModel()
    settings = SettingDifference.ofSharedTowers(model, restored)
    do throws(ModelError) {
      weights = try WeightComparison(restored: restored, source: model, bundle: runtime.description)
        .errors(progress)
    } catch {
      throw .model(error)
    }
  }

  func report(
    on runtime: RuntimePath, _ demand: Demand, _ probes: ProbeSet, _ progress: WorkProgress
  ) throws(VerificationError) -> Report {
    let mine = try runtime.prepare(probes)
    let comparison = Comparison(
      subject: runtime.path, truth: "the FP32 reference on \(reference.name)", probes: probes.id,
      thresholds: demand.thresholds ?? .standard(for: runtime.description, demand.arithmetic),
      noise: runtime.noise, expectedTowers: runtime.towers,
      inputErrors: InputErrors.between(mine, reference.inputs), settings: settings, weights: weights)
    return comparison.report(try runtime.run(mine, progress), against: reference.outputs)
  }
}
