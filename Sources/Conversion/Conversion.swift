internal import Architecture
public import BundleFormat
import BundleWriter
import Calibration
import Models
internal import Output
import PocketCLIP
import Progress
import Quantization
public import Verification

/// Writes a bundle, measures it, and publishes it only if it meets the requirements.
public enum Conversion {
  public static func run(_ request: ConversionRequest) throws(ConversionError) -> ConvertedBundle {
    defer { request.progress.end() }
    if request.precision == .int8 {
      var ladder = Ladder(request)
      return try ladder.climb()
    }
    var reference: ReferenceOutputs?
    switch try attempt(StoragePlan(), request, &reference) {
    case .reached(let bundle): return bundle
    case .missed(let reports): throw .belowDemand(reports, request.precision)
    }
  }

  /// Writes, measures, and publishes a bundle if it meets the requirements.
  enum Attempt {
    case reached(ConvertedBundle)
    /// Nothing was published.
    case missed([Report])
  }

  /// - Parameter reference: computed by the first attempt that measures.
  static func attempt(
    _ plan: StoragePlan, _ request: ConversionRequest, _ reference: inout ReferenceOutputs?
  ) throws(ConversionError) -> Attempt {
    request.progress.expect(steps: stepCount(request, hasReference: reference != nil))
    let clock = ContinuousClock()
    let started = clock.now
    let unfinished = try write(request, plan)
    let written = clock.now
    request.onWritten?()
    let description = unfinished.description
    let byteCount = unfinished.byteCount
    let bundle = try open(unfinished)
    let selfTest = try selfTest(bundle, request.progress)
    let reports = try measure(bundle, request, &reference)
    // It is never saved with a mere warning.
    guard reports.allSatisfy({ $0.verdict == .pass }) else { return .missed(reports) }
    let measured = clock.now
    request.progress.begin("saving to the disk", .bytes, of: 0)
    let bundleID: Digest
    do throws(OutputError) { bundleID = try unfinished.finish(selfTest) } catch { throw .output(error) }
    return .reached(
      ConvertedBundle(
        bundleID: bundleID, description: description, byteCount: byteCount, reports: reports,
        writing: started.duration(to: written), measuring: written.duration(to: measured),
        finishing: measured.duration(to: clock.now)))
  }

  /// Writing, the self-test, the reference, what `Verifier.compare` begins, saving.
  static func stepCount(_ request: ConversionRequest, hasReference: Bool) -> Int {
    guard let fidelity = request.fidelity else { return 3 }
    return (hasReference ? 3 : 4) + Verifier.stepCount(demands: fidelity.demands.count)
  }

  private static func write(
    _ request: ConversionRequest, _ plan: StoragePlan
  ) throws(ConversionError) -> UnfinishedBundle {
    let model = request.model
    var bundle = BundleRequest(
      source: model, sourceArchitecture: model.architecture, description: BundleDescription(request))
    bundle.description.state(plan)
    if case .table(let table) = model.tokenizer { bundle.tokenizerTable = table }
    bundle.rounding = plan.usedRounding(model.schema.parameters)
    if let inherited = model.inheritedSpace {
      bundle.identity = .inherited
      bundle.description.imageID = inherited.image
      bundle.description.textID = inherited.text
    }
    if !model.source.files.isEmpty {
      let progress = request.progress
      bundle.sourceByteCount =
        model.source.checkedByteCount + model.source.byteCount
      bundle.sourceDigest = { () throws(ModelError) in
        // Runs in parallel to the weights, on its own thread. A damaged source is rejected before anything is
        // published.
        try model.source.checkChecksums(progress)
        guard let digest = try model.source.sha256(progress) else {
          throw ModelError(.notCLIP, found: "no file")
        }
        return digest
      }
    }
    var options = WriteOptions(path: request.output, replacesExisting: request.replacesExisting)
    options.sources = model.source.paths
    options.threads = request.threads
    options.progress = request.progress
    do throws(BundleWriteError<ModelError>) {
      return try BundleWriter.write(bundle, options: options)
    } catch { throw .write(error) }
  }

  private static func open(
    _ bundle: borrowing UnfinishedBundle
  ) throws(ConversionError) -> OpenBundle {
    do throws(PocketCLIPError) {
      return try OpenBundle.forSelfTest(path: bundle.path)
    } catch { throw .runtime(error) }
  }

  private static func selfTest(
    _ bundle: OpenBundle, _ progress: WorkProgress
  ) throws(ConversionError) -> UnfinishedBundle.SelfTest {
    do throws(PocketCLIPError) {
      return try UnfinishedBundle.SelfTest(bundle, progress)
    } catch { throw .runtime(error) }
  }
}

extension Conversion {
  private static func measure(
    _ bundle: OpenBundle, _ request: ConversionRequest, _ reference: inout ReferenceOutputs?
  ) throws(ConversionError) -> [Report] {
    guard let fidelity = request.fidelity else { return [] }
    let measured: [Report]
    do throws(VerificationError) {
      let truth =
        if let reference { reference } else {
          try ReferenceOutputs(request.model, .standard, request.reference, request.progress)
        }
      reference = truth
      measured = try Verifier.compare(
        bundle, demands: fidelity.demands, with: request.model, reference: truth, progress: request.progress)
    } catch { throw .verification(error) }
    return zip(fidelity.demands, measured).map { demand, report in
      var report = report
      report.subject = "\(request.output), \(demand.arithmetic)"
      return report
    }
  }
}

/// The written bundle, and the time that it took.
public struct ConvertedBundle: Sendable {
  public var bundleID: Digest
  public var description: BundleDescription
  public var byteCount: Int
  /// What chose roundings; nil if all are to nearest.
  public var rounding: Rounding?
  /// The form of each matrix of an int8 bundle.
  public var recipe: Recipe?
  /// One per arithmetic; empty if measuring was switched off.
  public var reports: [Report]
  /// Reading, quantizing, hashing and writing.
  public var writing: Duration
  /// Running the bundle: self-test and fidelity.
  public var measuring: Duration
  /// Syncing to the disk and publishing.
  public var finishing: Duration
}
