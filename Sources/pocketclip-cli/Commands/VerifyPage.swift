import Architecture
import Archives
import BundleFormat
import Models
import Output
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

  /// - Throws: `output` or `usage`, before anything is computed.
  static func check(_ path: String, replacesExisting: Bool, sources: [String]) throws(Failure) {
    guard !["", "-"].contains(path) else {
      throw Failure(.usage, "--html \(path): not a file's name", hint: "give a name such as report.html")
    }
    do throws(OutputError) {
      try OutputFile.checkDestination(path, replacesExisting: replacesExisting, sources: sources)
    } catch { throw Failure(error) }
  }

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

  mutating func add(_ model: CLIPModel) {
    settings = model.decisions.map(DecisionRow.init)
    facts.append(["truth", model.source.paths.joined(separator: ", ")])
    guard let digest = try? model.source.sha256() else { return }
    facts.append(["SHA-256 of the truth", String(decoding: digest.hex, as: UTF8.self)])
  }

  /// Writes the page in one step.
  func write(_ output: VerifyOutput, to path: String, replacesExisting: Bool) throws(Failure) {
    var page = ReportPage(subject: output.subject, verdict: output.verdict, reports: output.reports)
    page.settings = settings.map { [$0.field, $0.value, "\($0.source): \($0.detail)"] }
    page.facts = facts
    if let product = output.reports.first?.reference { page.facts.append(["matrix product", product]) }
    page.command = (["pocketclip"] + CommandLine.arguments.dropFirst().map(\.shellQuoted)).joined(
      separator: " ")
    page.thumbnails = thumbnails(output.reports)
    do throws(OutputError) {
      let file = try OutputFile(path: path, replacesExisting: replacesExisting)
      let bytes = Array(page.html.utf8)
      try file.region.write(bytes.span.bytes, at: 0)
      try file.publish()
    } catch { throw Failure(error) }
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
