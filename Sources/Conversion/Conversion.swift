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
    request.progress.expect(steps: stepCount(request) + (request.beginsCalibrated ? 1 : 0))
    defer { request.progress.end() }
    guard !request.beginsCalibrated else { return try runCalibrated(request) }
    do throws(ConversionError) {
      return try run(request, StoragePlan())
    } catch {
      guard case .belowDemand(let report, _) = error, request.mayCalibrate else { throw error }
      request.onCalibrating?(report)
      request.progress.expect(steps: 1 + stepCount(request))
      return try runCalibrated(request)
    }
  }

  /// The second rung: choose roundings, then write and measure like the first.
  private static func runCalibrated(_ request: ConversionRequest) throws(ConversionError) -> ConvertedBundle {
    let clock = ContinuousClock()
    let started = clock.now
    let set = request.calibrationSet ?? .calibration(for: request.architecture)
    var calibration = Calibration(model: request.model, set: set, towers: request.architecture)
    calibration.threads = request.threads
    calibration.progress = request.progress
    var plan = StoragePlan()
    plan.calibration = set.id
    do throws(VerificationError) { plan.rounding = try calibration.plan() } catch {
      throw .verification(error)
    }
    let calibrated = clock.now
    var bundle = try run(request, plan)
    bundle.rounding = Rounding(
      set: set.id, images: set.images.count, texts: set.texts.count,
      choosing: started.duration(to: calibrated))
    return bundle
  }

  private static func run(
    _ request: ConversionRequest, _ plan: StoragePlan
  ) throws(ConversionError) -> ConvertedBundle {
    let clock = ContinuousClock()
    let started = clock.now
    let unfinished = try write(request, plan)
    let written = clock.now
    request.onWritten?()
    let description = unfinished.description
    let byteCount = unfinished.byteCount
    let bundle = try open(unfinished)
    let selfTest = try selfTest(bundle, request.progress)
    let reports = try measure(bundle, request)
    let measured = clock.now
    request.progress.begin("saving to the disk", .bytes, of: 0)
    let bundleID: Digest
    do throws(OutputError) { bundleID = try unfinished.finish(selfTest) } catch { throw .output(error) }
    return ConvertedBundle(
      bundleID: bundleID, description: description, byteCount: byteCount, reports: reports,
      writing: started.duration(to: written), measuring: written.duration(to: measured),
      finishing: measured.duration(to: clock.now))
  }

  /// Writing, the self-test, what `Verifier.compare` begins, saving.
  private static func stepCount(_ request: ConversionRequest) -> Int {
    3 + (request.fidelity.map { Verifier.stepCount(demands: $0.demands.count) } ?? 0)
  }

  private static func write(
    _ request: ConversionRequest, _ plan: StoragePlan
  ) throws(ConversionError) -> UnfinishedBundle {
    let model = request.model
    var bundle = BundleRequest(
      source: model, sourceArchitecture: model.architecture, description: BundleDescription(request))
    bundle.description.state(plan)
    bundle.rounding = plan.int8Rounding(model.schema.parameters)
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
  /// Throws if the bundle misses the required fidelity. It is never saved with a mere warning.
  private static func measure(
    _ bundle: OpenBundle, _ request: ConversionRequest
  ) throws(ConversionError) -> [Report] {
    guard let fidelity = request.fidelity else { return [] }
    let measured: [Report]
    do throws(VerificationError) {
      measured = try Verifier.compare(
        bundle, demands: fidelity.demands, with: request.model, reference: request.reference,
        progress: request.progress)
    } catch { throw .verification(error) }
    let reports = zip(fidelity.demands, measured).map { demand, report in
      var report = report
      report.subject = "\(request.output), \(demand.arithmetic)"
      return report
    }
    if let failed = reports.first(where: { $0.verdict != .pass }) {
      throw .belowDemand(failed, request.precision)
    }
    return reports
  }
}

/// The written bundle, and the time that it took.
public struct ConvertedBundle: Sendable {
  public var bundleID: Digest
  public var description: BundleDescription
  public var byteCount: Int
  /// How int8 matrices were rounded; nil for rounding to nearest.
  public var rounding: Rounding?
  /// One per arithmetic; empty if measuring was switched off.
  public var reports: [Report]
  /// Reading, quantizing, hashing and writing.
  public var writing: Duration
  /// Running the bundle: self-test and fidelity.
  public var measuring: Duration
  /// Syncing to the disk and publishing.
  public var finishing: Duration
}
