internal import Architecture
internal import Archives
internal import BundleFormat
internal import Checkpoints
public import Models
public import PocketCLIP
public import Progress

/// Compares a model with a reference, and reports where it diverges.
public enum Verifier {
  /// Compares a bundle, run in the runtime, with the FP32 reference on its source checkpoint.
  ///
  /// Pixels and tokens are compared first. Each path then computes its towers from its own pixels and tokens, so that
  /// a wrong crop is reported as such.
  ///
  /// - Parameter thresholds: nil for the defaults of the bundle's precisions.
  public static func compare(
    _ bundle: OpenBundle, arithmetic: Model.Arithmetic = .fast, with model: CLIPModel,
    probes: ProbeSet = .standard, thresholds: Thresholds? = nil, reference: ReferenceRequest
  ) throws(VerificationError) -> Report {
    let demand = Demand(arithmetic: arithmetic, thresholds: thresholds)
    return try compare(bundle, demands: [demand], with: model, probes: probes, reference: reference)[0]
  }

  /// How many phases such a comparison has: the weights, and the bundle with each arithmetic.
  public static func stepCount(demands: Int) -> Int { 1 + demands }

  /// The same for several arithmetics: the stored weights are compared once.
  ///
  /// - Returns: one report per demand, in their order.
  public static func compare(
    _ bundle: OpenBundle, demands: [Demand], with model: CLIPModel, probes: ProbeSet = .standard,
    reference: ReferenceOutputs, progress: WorkProgress = .unwatched
  ) throws(VerificationError) -> [Report] {
    var known: SourceTruth?
    var reports: [Report] = []
    for demand in demands {
      let runtime = try RuntimePath(bundle, arithmetic: demand.arithmetic)
      let truth =
        if let known { known } else { try SourceTruth(model, for: runtime, reference, progress) }
      known = truth
      reports.append(try truth.report(on: runtime, demand, probes, progress))
    }
    return reports
  }

  /// The same after the reference ran.
  public static func compare(
    _ bundle: OpenBundle, demands: [Demand], with model: CLIPModel, probes: ProbeSet = .standard,
    reference: ReferenceRequest, progress: WorkProgress = .unwatched
  ) throws(VerificationError) -> [Report] {
    try compare(
      bundle, demands: demands, with: model, probes: probes,
      reference: try ReferenceOutputs(model, probes, reference, progress), progress: progress)
  }

  /// Compares a checkpoint, run in the FP32 reference, with a golden file of the original implementation.
  public static func compare(
    _ model: CLIPModel, with golden: GoldenFile, thresholds: Thresholds = .fp32, reference: ReferenceRequest,
    progress: WorkProgress = .unwatched
  ) throws(VerificationError) -> Report {
    let path = ReferencePath(model: model, request: reference)
    let terms: (scale: Double?, bias: Double)
    do throws(ModelError) { terms = try model.logitTerms() } catch { throw .model(error) }
    let comparison = Comparison(
      subject: model.source.fileName, truth: golden.truthName, probes: golden.path, thresholds: thresholds,
      noise: StageNoise.fp32, expectedTowers: model.towers, inputs: try path.inputReport(golden),
      original: golden.original, scoreFailure: golden.scoreFailure(scale: terms.scale, bias: terms.bias))
    return comparison.report(
      try path.run(golden.inputs(model.architecture), progress), against: golden.truth)
  }

  /// Compares a bundle, run in the runtime, with a golden file of the original implementation.
  public static func compare(
    _ bundle: OpenBundle, arithmetic: Model.Arithmetic = .fast, with golden: GoldenFile,
    thresholds: Thresholds? = nil, progress: WorkProgress = .unwatched
  ) throws(VerificationError) -> Report {
    let runtime = try RuntimePath(bundle, arithmetic: arithmetic)
    let terms = bundle.logitTerms
    let comparison = Comparison(
      subject: bundle.path, truth: golden.truthName, probes: golden.path,
      thresholds: thresholds ?? .standard(for: runtime.description, arithmetic), noise: runtime.noise,
      expectedTowers: runtime.towers, inputs: try runtime.inputReport(golden), original: golden.original,
      scoreFailure: golden.scoreFailure(scale: terms.scale, bias: terms.bias))
    return comparison.report(
      try runtime.run(golden.inputs(runtime.description.architecture), progress), against: golden.truth)
  }
}

/// Relative errors of a stage that a precision explains, measured on the synthetic and trained models.
enum StageNoise {
  static let fp32 = 2e-6
  static let fp16 = 1e-3
  static let int8 = 1e-2
}

extension RuntimePath {
  /// The bundle as a checkpoint: its settings, and the weights restored.
  func restoredModel() throws(VerificationError) -> CLIPModel {
    let checkpoint: Checkpoint
    do throws(ReadError) { checkpoint = try Checkpoint.open(bundle.file) } catch { throw .reading(error) }
    do throws(ModelError) { return try CLIPModel(checkpoint) } catch { throw .model(error) }
  }

  /// The lowest precision of the towers that are present.
  private var lowestPrecision: Precision {
    let precisions = towers.map { $0 == .image ? description.imagePrecision : description.textPrecision }
    return precisions.contains(.int8) ? .int8 : precisions.contains(.fp16) ? .fp16 : .fp32
  }

  /// The usual error of the less precise tower.
  var noise: Double {
    switch lowestPrecision {
    case .fp32: StageNoise.fp32
    case .fp16: StageNoise.fp16
    case .int8: StageNoise.int8
    }
  }

  var towers: [Tower] { (imageIsPresent ? [.image] : []) + (textIsPresent ? [.text] : []) }

  func sharesTower(with model: CLIPModel) -> Bool { towers.contains(where: model.towers.contains) }
}

extension CLIPModel {
  var towers: [Tower] { architecture.towers }
}

/// Differences before any weight is used.
enum InputErrors {
  static func between(_ mine: Inputs, _ truth: Inputs) -> [Tower: StageError] {
    var errors: [Tower: StageError] = [:]
    if mine.pixels != truth.pixels, mine.pixels.count == truth.pixels.count {
      errors[.image] = StageError(
        stage: StageName.pixels, error: relative(mine.pixels.flatMap { $0 }, truth.pixels.flatMap { $0 }))
    }
    if mine.ids != truth.ids, mine.ids.count == truth.ids.count {
      let differing = zip(mine.ids, truth.ids).count { $0 != $1 }
      errors[.text] = StageError(
        stage: StageName.tokens, error: Double(differing) / Double(truth.ids.count))
    }
    return errors
  }

  private static func relative(_ mine: [Float], _ truth: [Float]) -> Double {
    guard mine.count == truth.count else { return 1 }
    var noise = 0.0
    var signal = 0.0
    for (value, expected) in zip(mine, truth) {
      noise += Double(value - expected) * Double(value - expected)
      signal += Double(expected) * Double(expected)
    }
    return signal > 0 ? (noise / signal).squareRoot() : 1
  }
}
