import Architecture
import ArgumentParser
import BundleFormat
import BundleWriter
import Conversion
import Foundation
import Models
import Output
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

/// Makes the bundles of a checkpoint that are worth a comparison: FP16, and int8 with each kind of rounding that meets the
/// bounds of `convert`.
///
/// Their files lose their names as soon as they are open, so that nothing remains of them.
struct BenchCandidates {
  /// The towers to use.
  let architecture: CLIPArchitecture
  private let paths: [String]
  private let input: ModelInputOptions
  private let model: CLIPModel
  /// A cosine above every usual bound; nil for the usual ones.
  private let minimumCosine: Double?
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
    architecture = input.architecture(of: model)
    let usual = FidelityPolicy(
      precision: .int8, architecture: architecture, minimumCosine: nil, minimumAgreement: nil)
    minimumCosine = target?.cosine.flatMap { usual.isBelow($0) ? $0 : nil }
  }

  var hasTexts: Bool { architecture.text != nil && model.tokenizer != .none }

  /// - Throws: errors of conversions. That int8 of one kind misses its bounds is noted instead.
  func made() throws -> [BenchBundle] {
    var made = [try make("fp16").bundle]
    var isMet = false
    for effort in [RoundingOptions.EffortChoice.nearest, .calibrated, .mixed] where !isMet || effort != .mixed
    {
      let name = "int8 \(effort)"
      do {
        // Only mixed forms can go further than the usual bounds.
        let least = effort == .mixed ? minimumCosine : nil
        let (bundle, reports) = try make(name, effort, least)
        made.append(bundle)
        isMet = policy(.int8, minimumCosine).isMet(by: reports)
      } catch ConversionError.belowDemand(let reports, _) {
        console.note("note: no \(name): \(reports.missedBounds.joined(separator: "; "))")
      }
    }
    return made
  }

  private func policy(_ precision: Precision, _ minimumCosine: Double?) -> FidelityPolicy {
    FidelityPolicy(
      precision: precision, architecture: architecture, minimumCosine: minimumCosine, minimumAgreement: nil)
  }

  /// - Parameter effort: nil for FP16.
  private func make(
    _ name: String, _ effort: RoundingOptions.EffortChoice? = nil, _ minimumCosine: Double? = nil
  ) throws -> (bundle: BenchBundle, reports: [Report]) {
    let file = FileManager.default.temporaryDirectory.appending(path: "pocketclip-\(UUID().uuidString).pclip")
      .path
    var request = ConversionRequest(model: model, output: file, tool: "pocketclip \(runtimeVersion)")
    request.precision = effort == nil ? .fp16 : .int8
    request.effort = effort?.effort ?? .automatic
    request.tower = input.tower.tower
    request.fidelity = policy(request.precision, minimumCosine)
    request.threads = options.threads
    request.progress = console.progress
    console.note("note: making \(name)")
    let converted: ConvertedBundle
    do throws(ConversionError) {
      converted = try Conversion.run(request)
    } catch {
      switch error {
      case .output(let cause), .write(.output(let cause)):
        throw Failure(
          .output, Failure(cause).message,
          hint: "set TMPDIR to a folder that can be written, with room for the bundles")
      case .write, .runtime, .verification, .belowDemand, .tooLarge, .recipe: throw error
      }
    }
    defer { try? FileManager.default.removeItem(atPath: file) }
    let bundle = try OpenBundle.opened(file, options)
    return (
      BenchBundle(bundle: bundle, name: name, command: command(effort, minimumCosine)), converted.reports
    )
  }

  private func command(_ effort: RoundingOptions.EffortChoice?, _ minimumCosine: Double?) -> String {
    let precision = effort == nil ? Precision.fp16 : .int8
    var words = ["pocketclip", "convert"] + paths.map(\.shellQuoted)
    for (name, value) in input.commandLine { words += [name, value.shellQuoted] }
    words += ["-o", "NAME.pclip", "--precision", precision.fieldValue.description]
    if let effort { words += ["--effort", effort.rawValue] }
    if let minimumCosine { words += ["--min-cosine", "\(minimumCosine)"] }
    return words.joined(separator: " ")
  }
}
