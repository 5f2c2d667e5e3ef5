import Architecture
import Foundation
import ImageFiles
import ImagePreprocessing
import TestSupport
import Testing

/// Fixtures/preprocessing/wide.json: what Pillow makes of JPEG files that are much wider or taller than their crop.
struct WideGoldens: Decodable {
  struct Golden: Decodable, CustomTestStringConvertible {
    var file: String
    var size: Int
    /// By which the size of the file is divided, where scaling is requested.
    var denominator: Int
    /// SHA-256 of the prepared bytes.
    var complete: String
    var scaled: String

    var testDescription: String { "\(file) to \(size)" }
  }

  var goldens: [Golden]

  static let all: [Golden] =
    (try? Fixture.decoded("preprocessing/wide.json", as: WideGoldens.self))?.goldens ?? []
}

@Suite("JPEG files of which the crop needs a part") struct WideJPEGTests {
  private func prepared(_ bytes: Data, size: Int, scalesJPEG: Bool) throws(ImageFileError) -> PreparedFile {
    var memory: [UInt8] = []
    let target = ImageTarget(.openAI, imageSize: size, scalesJPEG: scalesJPEG)
    return try ImagePlan(bytes, name: "x", for: target).prepared(bytes, reusing: &memory)
  }

  private func bytes(_ file: String) throws -> Data { Data(try Fixture.data("preprocessing/wide/\(file)")) }

  @Test("Every shape and kind has goldens, with each fraction of the size") func goldensAreThere() {
    #expect(WideGoldens.all.count == (3 * 7 + 1) * 4)
    #expect(Set(WideGoldens.all.map(\.denominator)) == [1, 2, 4, 8])
  }

  @Test("Bytes equal Pillow's, though blocks beside the crop are not decoded", arguments: WideGoldens.all)
  func complete(golden: WideGoldens.Golden) throws {
    let found = try prepared(try bytes(golden.file), size: golden.size, scalesJPEG: false)
    #expect(!found.isScaled)
    #expect(sha256(found.square) == golden.complete)
  }

  @Test("Bytes at a fraction of the size equal those of Pillow's draft mode", arguments: WideGoldens.all)
  func scaled(golden: WideGoldens.Golden) throws {
    let found = try prepared(try bytes(golden.file), size: golden.size, scalesJPEG: true)
    #expect(found.isScaled == (golden.denominator > 1))
    #expect(sha256(found.square) == golden.scaled)
    #expect((golden.scaled == golden.complete) == (golden.denominator == 1))
  }

  @Test(
    "Damage is the same error wherever it is",
    arguments: ["wide-420.jpg", "tall-restart.jpg", "odd-progressive.jpg"])
  func damage(file: String) throws {
    let whole = try bytes(file)
    var generator = SplitMix(seed: 7)
    for round in 0..<120 {
      var damaged = round < 60 ? whole.prefix(whole.count * round / 60) : whole
      if round >= 60 {
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          damaged[Int.random(in: 0..<damaged.count, using: &generator)] ^= 1 << (generator.next() & 7)
        }
      }
      let complete = Result { () throws(ImageFileError) in try ImageFiles.decode(damaged, name: "x") }
      for scalesJPEG in [false, true] {
        let found = Result { () throws(ImageFileError) in
          try prepared(damaged, size: 14, scalesJPEG: scalesJPEG)
        }
        switch (complete, found) {
        case (.failure(let expected), .failure(let error)): #expect(error == expected, "round \(round)")
        case (.success(let image), .success(let prepared)):
          let expected = try PreparedImage(image, .openAI, size: 14).square
          #expect(scalesJPEG || prepared.square == expected, "round \(round)")
        case (.success, .failure(let error)): Issue.record("round \(round): \(error)")
        case (.failure(let error), .success): Issue.record("round \(round): expected \(error)")
        }
      }
    }
  }

  @Test("Only JPEG files that are resized while they are decoded are scaled") func onlyStreamed() throws {
    let file = Data(try Fixture.data("preprocessing/images/rotated.jpg"))
    for isTurnedUpright in [false, true] {
      let target = ImageTarget(.openAI, imageSize: 8, isTurnedUpright: isTurnedUpright, scalesJPEG: true)
      var memory: [UInt8] = []
      let found = try ImagePlan(file, name: "x", for: target).prepared(file, reusing: &memory)
      #expect(found.isScaled == !isTurnedUpright)
    }
    let png = Data(try Fixture.data("preprocessing/images/landscape.png"))
    #expect(try !prepared(png, size: 8, scalesJPEG: true).isScaled)
  }
}
