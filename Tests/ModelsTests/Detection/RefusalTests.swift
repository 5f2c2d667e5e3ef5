import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// Unsupported architectures are recognised and rejected by name.
@Suite("Unsupported models") struct RefusalTests {
  struct Refused: Sendable, CustomTestStringConvertible {
    var name: String
    var family: String
    var testDescription: String { name }

    static let all: [Refused] = {
      let folder = Fixture.url("valid/refused").path
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return names.sorted().compactMap { file in
        guard file.hasSuffix(".json"),
          let json = try? Fixture.json("valid/refused/" + file),
          let family = json["refused"]?.stringValue
        else { return nil }
        return Refused(name: String(file.dropLast(".json".count)), family: family)
      }
    }()
  }

  @Test("Current families are covered, with and without their configuration")
  func families() {
    #expect(Refused.all.count >= 18)
    #expect(Set(Refused.all.map(\.family)).count >= 6)
  }

  @Test("Each is an error about an unsupported architecture, with its name", arguments: Refused.all)
  func refused(_ refused: Refused) throws {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/refused/" + refused.name).path)
    let error = try #require(throws: ModelError.self) { try ModelInspection(checkpoint) }
    #expect(error.category == .unsupported)
    #expect(error.description.contains(refused.family), "\(error)")
  }
}
