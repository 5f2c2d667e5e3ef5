import Foundation
import TestSupport
import Testing
import Verification

@Suite("The images and texts that measure a bundle") struct ProbeSetTests {
  private let probes = ProbeSet.standard

  @Test("They are the same on every machine and in every build")
  func digest() { #expect(probes.id == "standard-2-dceeba90b035803a") }

  @Test("Their id is computed from their content")
  func id() {
    #expect(ProbeSet(name: "standard-2", images: probes.images, texts: probes.texts).id == probes.id)
    #expect(ProbeSet(name: "standard-2", images: probes.images, texts: ["other"]).id != probes.id)
    #expect(
      ProbeSet(name: "standard-2", images: Array(probes.images.dropLast()), texts: probes.texts).id
        != probes.id)
  }

  @Test("No image is square, flat or a repetition, and both orientations and tiny images occur")
  func images() {
    let images = probes.images
    #expect(images.count == 20 && Set(images.map(\.pixels)).count == 20)
    #expect(images.allSatisfy { $0.width != $0.height && Set($0.pixels).count > 20 })
    #expect(images.contains { $0.width < $0.height } && images.contains { $0.width > $0.height })
    #expect(images.contains { max($0.width, $0.height) < 100 })
  }

  @Test("No text occurs twice or in the set of the golden files")
  func texts() throws {
    struct Golden: Decodable {
      var texts: [Text]
      struct Text: Decodable { var text: String }
    }
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: Fixture.url("golden/probe-texts.json")))
    #expect(golden.texts.count == 8)
    #expect(Set(probes.texts).count == 16 && Set(probes.texts).isDisjoint(with: golden.texts.map(\.text)))
  }
}
