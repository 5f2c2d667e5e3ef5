import Architecture
import BundleFormat
import Foundation
import Models
import TestSupport
import Testing

/// Ids never change, because users' stored embeddings contain them. `Fixtures/identity/make_ids.py` computed these
/// from docs/BUNDLE.md, without PocketCLIP's code.
@Suite("Ids") struct IdentityTests {
  private static let pinned = try? JSONDecoder().decode(
    [String: [String: String]].self, from: Fixture.data("identity/ids.json"))

  private func expectPinned(_ name: String, _ tower: Tower, _ id: Digest?) throws {
    let towers = try #require(Self.pinned?[name])
    #expect(id.map { String(decoding: $0.hex, as: UTF8.self) } == towers["\(tower)"], "\(name), \(tower)")
  }

  @Test("The fields, names and shapes of the nine models give the pinned ids")
  func nineVariants() throws {
    for entry in ArchitectureCatalogue.openAI {
      let schema = ParameterSchema(entry.architecture).parameters
      for tower in [Tower.image, .text] {
        let digests = schema.filter { $0.tower == tower }.map { Identity.beginTensor($0).finish() }
        let id = Identity.tower(tower, of: entry.architecture, tensorDigests: digests)
        try expectPinned(entry.name, tower, id)
      }
    }
    #expect(ArchitectureCatalogue.openAI.count == 9)
  }

  @Test("The trained minis have the pinned ids", arguments: ["mini-vit", "mini-rn"])
  func minis(name: String) throws {
    let ids = try SpaceID(of: CLIPModel.open(Fixture.url("minis/\(name).pt").path))
    try expectPinned(name, .image, ids.image)
    try expectPinned(name, .text, ids.text)
  }
}
