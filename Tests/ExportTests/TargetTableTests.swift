import Export
import Foundation
import TestSupport
import Testing

@Suite("The table of targets")
struct TargetTableTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOf: Fixture.url("../" + path), encoding: .utf8)
  }

  @Test("No two rows share an identifier, and each is found by its own")
  func identifiers() {
    #expect(Set(ExportTarget.all.map(\.identifier)).count == ExportTarget.all.count)
    for target in ExportTarget.all { #expect(ExportTarget(identifier: target.identifier) == target) }
    #expect(ExportTarget(identifier: "tflite") == nil)
  }

  @Test("docs/EXPORT.md has a row for each, equal to the code's", arguments: ExportTarget.all)
  func documentation(target: ExportTarget) throws {
    let precisions = target.precisions.map { "\($0)" }.joined(separator: ", ")
    let row = "| `\(target.identifier)` | \(target.summary) | \(precisions) | "
    #expect(try text("docs/EXPORT.md").contains(row), "the page should have a line that begins with\n\(row)")
  }

  @Test("The schema of --json lists them")
  func schema() throws {
    let data = Data(try text("Schemas/export.schema.json").utf8)
    let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let properties = try #require(schema["properties"] as? [String: [String: Any]])
    #expect(properties["target"]?["enum"] as? [String] == ExportTarget.all.map(\.identifier))
  }

  @Test(
    "Rows state all their files: an export to another target can replace the folder, with any parts",
    arguments: ExportTarget.all.filter(\.isFolder))
  func fileNames(target: ExportTarget) throws {
    let folder = try TemporaryFolder()
    _ = try Exporter.run(ExportRequest(.miniViT, target, to: folder.file("out")))
    var request = try ExportRequest(.miniViT, .openCLIP, to: folder.file("out"))
    request.replacesExisting = true
    #expect(throws: Never.self) { try Exporter.run(request) }
  }
}
