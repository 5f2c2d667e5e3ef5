import Architecture
import Calibration
import Models
import Testing
import Verification

@Suite("The built-in calibration set") struct CalibrationSetTests {
  private func set(_ architecture: String) throws -> ProbeSet {
    .calibration(for: try #require(ArchitectureCatalogue.architecture(named: architecture)))
  }

  @Test("It is the same on every machine and in every build")
  func digest() throws {
    #expect(try set("ViT-B-32").id == "calibration-1-7ea3d5ff9a161890")
  }

  @Test("What matrices cost is measured on other items, which do not measure a bundle either")
  func sensitivity() throws {
    let architecture = try #require(ArchitectureCatalogue.architecture(named: "ViT-B-32"))
    let (set, other) = (try self.set("ViT-B-32"), ProbeSet.sensitivity(for: architecture))
    #expect(other.id == "sensitivity-1-ec4996032705cbd2")
    #expect(other.images.count == 32 && other.texts.count == 16)
    let (images, texts) = (set.images + ProbeSet.standard.images, set.texts + ProbeSet.standard.texts)
    #expect(Set(other.texts).isDisjoint(with: texts) && Set(other.texts).count == 16)
    #expect(Set(other.images.map(\.pixels)).isDisjoint(with: images.map(\.pixels)))
    let text = architecture.keeping(image: false, text: true)
    #expect(ProbeSet.sensitivity(for: text).images.isEmpty)
  }

  @Test("None of its texts and images measures a bundle")
  func disjoint() throws {
    let set = try set("ViT-B-32")
    #expect(Set(set.texts).isDisjoint(with: ProbeSet.standard.texts))
    for image in set.images { #expect(!ProbeSet.standard.images.contains(image)) }
  }

  @Test("No text and no image occurs twice, and no image is flat")
  func varied() throws {
    let set = try set("ViT-B-32")
    #expect(Set(set.texts).count == set.texts.count && set.texts.count > 100)
    #expect(Set(set.images.map(\.pixels)).count == set.images.count && set.images.count == 32)
    for image in set.images { #expect(Set(image.pixels).count > 100) }
  }

  @Test("Narrow towers calibrate on at most 1024 items, wide ones on at least eight")
  func limits() throws {
    let narrow = TransformerStack(
      width: 8, layers: 1, heads: 1, mlpWidth: 8, activation: .gelu, epsilon: 1e-5)
    let tower = TextTower(
      contextLength: 8, vocabularySize: 9, stack: narrow, pooling: .highestID, projection: nil)
    #expect(Calibration.mostTexts(of: tower) == 1024)
    let wide = try #require(ArchitectureCatalogue.architecture(named: "RN50x64")?.image)
    #expect(Calibration.mostImages(of: wide) == 10)
  }

  @Test("Large towers get fewer images, and no tower fewer than eight; a text tower alone gets none")
  func counts() throws {
    #expect(try set("RN50").images.count == 32)
    #expect(try set("RN50x16").images.count == 18)
    #expect(try set("RN50x64").images.count == 10)
    var architecture = try #require(ArchitectureCatalogue.architecture(named: "RN50"))
    architecture.image = nil
    #expect(ProbeSet.calibration(for: architecture).images.isEmpty)
  }
}
