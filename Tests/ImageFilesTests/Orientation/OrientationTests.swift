import Foundation
import ImageFiles
import TestSupport
import Testing

/// Fixtures/preprocessing/orientations.json: the results of Pillow's `ImageOps.exif_transpose` for one image.
struct OrientationGoldens: Decodable {
  struct Turned: Decodable, CustomTestStringConvertible {
    var orientation: Int
    var width: Int
    var height: Int
    /// SHA-256 of the samples.
    var samples: String

    var testDescription: String { "orientation \(orientation)" }
  }

  /// Offset of the orientation's byte from `Exif`.
  var valueOffset: Int
  var turned: [Turned]

  static let shared: OrientationGoldens? = try? Fixture.decoded(
    "preprocessing/orientations.json", as: OrientationGoldens.self)
}

@Suite("EXIF orientations") struct OrientationTests {
  @Test("All eight orientations have a golden") func goldensAreThere() {
    #expect(OrientationGoldens.shared?.turned.map(\.orientation) == Array(1...8))
  }

  @Test("An image is rotated upright like in Pillow", arguments: OrientationGoldens.shared?.turned ?? [])
  func turnedUpright(golden: OrientationGoldens.Turned) throws {
    var file = try Fixture.data("preprocessing/images/rotated.jpg")
    let exif = try #require(file.firstRange(of: Data("Exif\0\0".utf8)))
    file[exif.lowerBound + (OrientationGoldens.shared?.valueOffset ?? 0)] = UInt8(golden.orientation)
    let image = try ImageFiles.decode(file, name: "rotated.jpg")
    #expect(image.orientation == (golden.orientation == 1 ? nil : golden.orientation))
    let upright = image.upright()
    #expect(upright.width == golden.width && upright.height == golden.height && upright.orientation == nil)
    #expect(sha256(upright.samples) == golden.samples)
  }
}
