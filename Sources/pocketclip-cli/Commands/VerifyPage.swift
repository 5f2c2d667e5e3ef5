import Architecture
import Archives
import BundleFormat
import Models
import PocketCLIP
import ReportPage
import SystemPath
import Verification

/// What `verify --html` states beside the reports, and the file.
struct VerifyPage {
  /// Of the model that is the truth, or that was verified with a golden file.
  private var settings: [DecisionRow] = []
  private var facts: [[String]] = [["tool", "pocketclip \(runtimeVersion)"]]
  private var bundle: OpenBundle?

  mutating func add(_ bundle: OpenBundle) {
    self.bundle = bundle
    let information = bundle.model.information
    facts += [
      ["bundle", bundle.path], ["bundle's id", "\(information.bundleID)"],
      ["embedding space", "\(information.space)"],
      ["kernels", "\(information.instructionSet), \(counted(information.threads, "thread"))"],
    ]
    guard let source = bundle.description.provenance.sha256 else { return }
    facts.append(["SHA-256 of the bundle's source", String(decoding: source.hex, as: UTF8.self)])
  }

  /// - Parameter role: `truth`, or `subject` if the model was compared with a golden file.
  mutating func add(_ model: CLIPModel, as role: String) {
    settings = model.decisions.map(DecisionRow.init)
    facts.append([role, model.source.paths.joined(separator: ", ")])
    guard let digest = try? model.source.sha256() else { return }
    facts.append(["SHA-256 of the \(role)", String(decoding: digest.hex, as: UTF8.self)])
  }

  func bytes(_ output: VerifyOutput) -> [UInt8] {
    var page = ReportPage(subject: output.subject, verdict: output.verdict, reports: output.reports)
    page.settings = settings.map { [$0.field, $0.value, "\($0.source): \($0.detail)"] }
    page.facts = facts
    if let product = output.reports.first?.reference { page.facts.append(["matrix product", product]) }
    let arguments = CommandLine.arguments.dropFirst().map(\.shellQuoted)
    page.command = (["pocketclip"] + arguments + (arguments.contains("--force") ? [] : ["--force"]))
      .joined(separator: " ")
    page.thumbnails = thumbnails(output.reports)
    return Array(page.html.utf8)
  }

  /// Of the worst images. One that has disappeared since gets none.
  private func thumbnails(_ reports: [Report]) -> [String: [UInt8]] {
    guard let bundle, let tower = bundle.description.architecture.image else { return [:] }
    var thumbnails: [String: [UInt8]] = [:]
    for example in reports.flatMap({ $0.sample?.image?.worst ?? [] }) where thumbnails[example.name] == nil {
      let image = try? ProbeImage(
        file: example.name, bundle.description.preprocessing, imageSize: tower.imageSize)
      thumbnails[example.name] = image.flatMap(Thumbnail.png)
    }
    return thumbnails
  }
}
