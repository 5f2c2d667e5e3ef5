import Architecture
import ArgumentParser
import BundleFormat
import Conversion
import Foundation
import Models
import PocketCLIP
import SystemPath
import Verification

/// A bundle to compare.
struct BenchBundle {
  let bundle: OpenBundle
  /// How it was made, such as `int8 calibrated`; nil for a bundle that the user gave.
  var name: String?
  /// The command that makes it; nil for a bundle that the user gave.
  var command: String?
}

/// Makes the bundles of a checkpoint that are worth a comparison: FP16, and int8 with each kind of rounding.
///
/// Their files lose their names as soon as they are open, so that nothing remains of them.
struct BenchCandidates {
  private let paths: [String]
  private let input: ModelInputOptions
  private let model: CLIPModel
  /// What int8 with mixed forms must reach.
  private let demand: FidelityPolicy
  private let options: Model.Options
  private let console: Console

  /// - Throws: errors from reading the checkpoint.
  init(
    _ paths: [String], _ input: ModelInputOptions, target: BenchTarget?, _ options: Model.Options,
    _ console: Console
  ) throws {
    self.paths = paths
    self.input = input
    self.options = options
    self.console = console
    model = try input.completeModel(paths, console)
    demand = FidelityPolicy(
      precision: .int8, architecture: input.architecture(of: model), minimumCosine: target?.cosine,
      minimumAgreement: nil)
  }

  /// - Throws: errors of conversions. That no mixed forms meet the bounds is noted instead.
  func made() throws -> [BenchBundle] {
    let folder = try Self.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let half = FidelityPolicy(
      precision: .fp16, architecture: input.architecture(of: model), minimumCosine: nil, minimumAgreement: nil
    )
    var made = [try make("fp16", half, in: folder).bundle]
    var isMet = false
    for effort in [RoundingOptions.EffortChoice.nearest, .calibrated] {
      let (bundle, reports) = try make("int8 \(effort)", anyFidelity, effort, in: folder)
      made.append(bundle)
      isMet = demand.isMet(by: reports)
    }
    guard !isMet else { return made }
    do {
      made.append(try make("int8 mixed", demand, .mixed, in: folder).bundle)
    } catch ConversionError.belowDemand(let reports, _) {
      console.note("note: no int8 mixed: \(reports.missedBounds.joined(separator: "; "))")
    }
    return made
  }

  private static func temporaryFolder() throws(Failure) -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pocketclip-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    } catch {
      throw Failure(
        .output, "\(folder.path): the folder for bundles cannot be created",
        hint: "set TMPDIR to a folder that can be written")
    }
    return folder
  }

  /// Bounds that every bundle meets, so that it is measured.
  private var anyFidelity: FidelityPolicy {
    FidelityPolicy(
      precision: .int8, architecture: input.architecture(of: model), minimumCosine: 0, minimumAgreement: 0)
  }

  /// - Parameter effort: nil for FP16.
  private func make(
    _ name: String, _ fidelity: FidelityPolicy, _ effort: RoundingOptions.EffortChoice? = nil, in folder: URL
  ) throws -> (bundle: BenchBundle, reports: [Report]) {
    let file = folder.appending(path: "\(name.replacing(" ", with: "-")).pclip").path
    var request = ConversionRequest(model: model, output: file, tool: "pocketclip \(runtimeVersion)")
    request.precision = effort == nil ? .fp16 : .int8
    request.effort = effort?.effort ?? .automatic
    request.tower = input.tower.tower
    request.fidelity = fidelity
    request.threads = options.threads
    request.progress = console.progress
    console.note("note: making \(name)")
    let converted = try Conversion.run(request)
    let bundle = try OpenBundle.opened(file, options)
    try FileManager.default.removeItem(atPath: file)
    return (
      BenchBundle(bundle: bundle, name: name, command: command(effort, converted.reports)), converted.reports
    )
  }

  /// With the bounds that it needs, if it misses the default ones.
  private func command(_ effort: RoundingOptions.EffortChoice?, _ reports: [Report]) -> String {
    let precision = effort == nil ? Precision.fp16 : .int8
    var words = ["pocketclip", "convert"] + paths.map(\.shellQuoted)
    for (name, value) in input.commandLine { words += [name, value.shellQuoted] }
    words += ["-o", "NAME.pclip", "--precision", precision.fieldValue.description]
    if let effort { words += ["--effort", effort.rawValue] }
    let usual = FidelityPolicy(
      precision: precision, architecture: input.architecture(of: model), minimumCosine: nil,
      minimumAgreement: nil)
    if !usual.isMet(by: reports) { words += Self.bounds(reports) }
    return words.joined(separator: " ")
  }

  /// The bounds that these reports meet.
  private static func bounds(_ reports: [Report]) -> [String] {
    let cosines = reports.flatMap { [$0.image, $0.text] }.compactMap { $0?.metrics.worstCosine }
    let agreement = reports.compactMap { $0.agreement?.fraction }.min()
    return ["--min-cosine", roundedDown(cosines.min() ?? 0)]
      + (agreement.map { ["--min-agreement", roundedDown($0)] } ?? [])
  }

  private static func roundedDown(_ fraction: Double) -> String {
    fixed((max(0, fraction) * 1e4).rounded(.down) / 1e4, 4)
  }
}
