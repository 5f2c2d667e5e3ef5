import Architecture
import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Verification

/// docs/FORMATS.md: measurements of every published layout, computed again and compared with the committed page.
@Suite("docs/FORMATS.md") struct FormatTableTests {
  /// A lower cosine would print as less than 1.000000.
  private static let leastCosine = 0.9999995

  @Test("has a row for every fixture, equal to the results of this build", arguments: ModelFixture.all)
  func row(_ fixture: ModelFixture) throws {
    let row = try FormatRow(fixture)
    for cosine in [row.image, row.text].compactMap({ $0 }) where row.differing == 0 {
      #expect(cosine >= Self.leastCosine, "\(fixture.name)")
    }
    #expect(
      try Self.page().contains(row.rendered),
      "missing from docs/FORMATS.md, which should have the line\n\(row.rendered)")
  }

  @Test("has no row without a fixture")
  func rows() throws {
    let rows = try Self.page().split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(rows.count == ModelFixture.all.count)
  }

  private static func page() throws -> String {
    try String(contentsOf: Fixture.url("../docs/FORMATS.md"), encoding: .utf8)
  }
}

/// One fixture: the options it needs, how its tensors compare with the original's, and its embeddings with goldens.
private struct FormatRow {
  var fixture: ModelFixture
  var format: String
  var convention: String
  var tensorCount = 0
  /// Tensors whose values differ from the original's.
  var differing = 0
  /// Largest difference, divided by the tensor's largest magnitude.
  var error: Float = 0
  /// Mean cosines of embeddings with the golden ones; nil if the tower is absent or has no embedding.
  var image: Double?
  var text: Double?

  init(_ fixture: ModelFixture) throws {
    self.fixture = fixture
    let checkpoint = try Checkpoint.open(fixture.path)
    let model = try fixture.open()
    format = checkpoint.format.identifier
    convention = try ModelInspection(checkpoint, options: fixture.options).convention
    try compareTensors(of: model)
    guard fixture.hasProjection else { return }
    let golden = try GoldenFile(path: Fixture.url("valid/\(fixture.model).golden.safetensors").path)
    let report = try Verifier.compare(model, with: golden, reference: .underTest)
    (image, text) = (report.image?.metrics.meanCosine, report.text?.metrics.meanCosine)
  }

  /// The model in the layout of its own library.
  private static func original(of model: String) throws -> CLIPModel {
    let names = [
      "vit": "vit-torchscript-1.7.pt", "rn": "rn-torchscript-1.7.pt", "head-80": "head-80-open-clip",
      "sigmoid": "sigmoid-open-clip",
    ]
    return try ModelFixture.named(#require(names[model])).open()
  }

  private mutating func compareTensors(of model: CLIPModel) throws {
    let original = try Self.original(of: fixture.model)
    for parameter in model.schema.parameters {
      let (values, truth) = (try model.values(of: parameter), try original.values(of: parameter))
      tensorCount += 1
      guard values != truth else { continue }
      differing += 1
      let largest = truth.map(abs).max() ?? 0
      error = max(error, (zip(values, truth).map { abs($0 - $1) }.max() ?? 0) / largest)
    }
  }

  var rendered: String {
    let tensors = differing == 0 ? "\(tensorCount) of \(tensorCount)" : inexact
    return "| `\(fixture.name)` | \(fixture.writer) | \(format) | \(convention) | \(tensors) | "
      + "\(cosine(image)) | \(cosine(text)) |"
  }

  private var inexact: String {
    let others = fixture.isFolded ? "folded" : "within " + String(format: "%.1f", 100 * error) + " %"
    return "\(tensorCount - differing) of \(tensorCount), others \(others)"
  }

  private func cosine(_ value: Double?) -> String { value.map { String(format: "%.6f", $0) } ?? "–" }
}
