import Foundation
import TestSupport

/// A case of Fixtures/diagnose/manifest.json, as options of `diagnose`.
struct DiagnosedFixture: Decodable, Sendable {
  var name, file, model: String
  var causes: [String]
  var images: [String]?
  var texts: String?

  private struct Manifest: Decodable { var cases: [DiagnosedFixture] }

  static func named(_ file: String) throws -> DiagnosedFixture? {
    try Fixture.decoded("diagnose/manifest.json", as: Manifest.self).cases.first { $0.file == file }
  }

  var vectors: String { Tool.fixture("diagnose/mistakes/\(file)") }

  var inputs: [String] {
    if let images { return ["--images"] + images.map(Tool.fixture) }
    return ["--texts", Tool.fixture(texts ?? "")]
  }

  var arguments: [String] { ["--embeddings", vectors] + inputs }
}
