import Architecture
import Foundation
import ImageFiles
import ImagePreprocessing
import TestSupport
import Testing

@Suite("Image files prepared while they are decoded") struct ImagePlanTests {
  /// The transforms of the goldens, and those that convert transparency and inks in other orders.
  static let preprocessings: [Preprocessing] =
    ["openai", "squash", "bilinear", "transformers", "transformers-edge"].compactMap {
      Preprocessing.golden($0, size: 48)
    }
    + Preprocessing.Backend.allCases.map {
      var white = Preprocessing.openAI
      (white.backend, white.interpolation) = ($0, .bilinear)
      (white.conversion, white.alpha) = (.beforeResize, .white)
      return white
    }

  private func prepared(_ bytes: Data, _ target: ImageTarget) throws(ImageFileError) -> PreparedFile {
    var memory: [UInt8] = [1, 2, 3]
    return try ImagePlan(bytes, name: "x", for: target).prepared(bytes, reusing: &memory)
  }

  private func bytes(_ file: String) throws -> Data { Data(try Fixture.data("preprocessing/images/\(file)")) }

  @Test("Bytes equal those of the complete image, and the originals'", arguments: ImageGoldens.images)
  func goldens(golden: ImageGoldens.Image) throws {
    let bytes = try bytes(golden.file)
    for expected in golden.prepared {
      let preprocessing = try #require(Preprocessing.golden(expected.transform, size: expected.size))
      let found = try prepared(bytes, ImageTarget(preprocessing, imageSize: expected.size))
      #expect(sha256(found.square) == expected.bytes, "\(expected)")
    }
    let image = try golden.decoded()
    for preprocessing in Self.preprocessings {
      for size in [48, 20, image.width] {
        let found = try prepared(bytes, ImageTarget(preprocessing, imageSize: size))
        #expect(
          found.square == (try PreparedImage(image, preprocessing, size: size).square),
          "\(preprocessing), \(size)")
        #expect(found.mode == image.mode && found.orientation == image.orientation)
      }
    }
  }

  @Test("Transparent images have the bytes of the complete image", arguments: TransparencyGoldens.images)
  func transparency(golden: TransparencyGoldens.Image) throws {
    let bytes = Data(try Fixture.data("preprocessing/\(golden.path)"))
    let image = try golden.decoded()
    for preprocessing in Self.preprocessings {
      let found = try prepared(bytes, ImageTarget(preprocessing, imageSize: 24))
      #expect(found.square == (try PreparedImage(image, preprocessing, size: 24).square), "\(preprocessing)")
    }
  }

  @Test("Rotated images have the bytes of the image turned upright", arguments: ["rotated.jpg"])
  func upright(file: String) throws {
    let bytes = try bytes(file)
    let image = try ImageFiles.decode(bytes, name: file)
    let target = ImageTarget(.openAI, imageSize: 32, isTurnedUpright: true)
    #expect(try !ImagePlan(bytes, name: file, for: target).isStreamed)
    let found = try prepared(bytes, target)
    #expect(found.orientation == nil)
    #expect(found.square == (try PreparedImage(image.upright(), .openAI, size: 32).square))
    #expect(image.orientation != nil)
  }

  @Test("JPEG and PNG are prepared in strips, with less memory; others need the complete image")
  func memory() throws {
    for golden in ImageGoldens.images {
      let bytes = try bytes(golden.file)
      let plan = try ImagePlan(bytes, name: golden.file, for: ImageTarget(.openAI, imageSize: 16))
      let isComplete =
        golden.file.hasSuffix(".webp") || golden.file.contains("interlaced") || golden.mode == "I;16"
      #expect(plan.isStreamed != isComplete, "\(golden.file)")
      if !plan.isStreamed { #expect(plan.workingByteCount == plan.header.workingByteCount) }
    }
  }

  @Test(
    "A file that is cut off anywhere gives the error of the complete image",
    arguments: ["photo-422.jpg", "progressive.jpg", "restart.jpg", "grey-alpha.png", "palette.png"])
  func truncations(file: String) throws {
    let whole = try bytes(file)
    for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 211)) {
      expectSame(whole.prefix(count), "\(file) cut to \(count) bytes")
    }
  }

  @Test("Bit flips give the bytes or the error of the complete image") func bitFlips() throws {
    var generator = SplitMix(seed: 19)
    for golden in ImageGoldens.images {
      let whole = [UInt8](try bytes(golden.file))
      for round in 0..<16 {
        var flipped = whole
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
          flipped[Int.random(in: 0..<flipped.count, using: &generator)] ^= 1 << (generator.next() & 7)
        }
        expectSame(Data(flipped), "\(golden.file), round \(round)")
      }
    }
  }

  /// Compares with decoding and then preparing.
  private func expectSame(_ bytes: Data, _ comment: Comment) {
    let complete = Result { () throws(ImageFileError) in try ImageFiles.decode(bytes, name: "x") }
    let found = Result { () throws(ImageFileError) in
      try prepared(bytes, ImageTarget(.openAI, imageSize: 20))
    }
    switch (complete, found) {
    case (.failure(let expected), .failure(let error)): #expect(error == expected, comment)
    case (.success(let image), .success(let prepared)):
      #expect(prepared.square == (try? PreparedImage(image, .openAI, size: 20).square), comment)
    case (.success, .failure(let error)): Issue.record("\(comment): \(error)")
    case (.failure(let error), .success): Issue.record("\(comment): expected \(error)")
    }
  }

  @Test("Limits are checked before decoding, with the same error") func limits() throws {
    var limits = ImageFiles.Limits()
    limits.maximumPixelCount = 80 * 60 - 1
    let bytes = try bytes("rotated.jpg")
    let target = ImageTarget(.openAI, imageSize: 20)
    let error = #expect(throws: ImageFileError.self) {
      try ImagePlan(bytes, name: "x", limits: limits, for: target)
    }
    #expect(error?.code == .tooLarge)
    limits.maximumPixelCount += 1
    #expect(throws: Never.self) { try ImagePlan(bytes, name: "x", limits: limits, for: target) }
  }

  @Test("More scans than encoders write stop the decoding") func scans() throws {
    let file = [UInt8](try bytes("progressive.jpg"))
    let scan = try #require(file.indices.dropLast().last { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
    let last = file[scan..<file.count - 2]
    expectSame(Data(file[..<scan] + (0..<80).flatMap { _ in last } + [0xFF, 0xD9]), "80 scans")
    expectSame(Data(file[..<scan] + (0..<120).flatMap { _ in last } + [0xFF, 0xD9]), "120 scans")
  }
}
