import CPocketCLIP
import Foundation
import PocketCLIP
import TestSupport
import Testing

@Suite("Swift interface") struct SwiftInterfaceTests {
  private func session(_ name: String) throws -> Session {
    try Session(Model(path: Fixture.url("runtime/\(name).pclip").path))
  }

  @Test("A model reports its properties")
  func information() throws {
    let information = try session("vit-int8").model.information
    #expect(information.hasImage && information.hasText && !information.hasTokenizer)
    #expect(information.embeddingDimension == 24)
    #expect(information.imageSize == 30)
    #expect(information.contextLength == 13)
    #expect(information.vocabularySize == 71)
    #expect(information.arithmetic == .fast)
    #expect(abs((information.logitScale ?? 0) - 100) < 0.01)
    #expect(information.spaceID == "-.-")
    #expect(information.bundleID.count == 64)
  }

  @Test("Vectors have unit length, and an image that cannot be encoded has an error")
  func images() throws {
    let session = try session("resnet-fp16")
    let bytes = (0..<3 * 60 * 80).map { UInt8(truncatingIfNeeded: 31 &* $0) }
    let good = try #require(Session.Image(pixels: bytes, width: 60, height: 80))
    let wide = try #require(
      Session.Image(pixels: [UInt8](repeating: 0, count: 3 * 17_000), width: 17_000, height: 1))
    let results = try session.encode(images: [good, wide, good])
    let vector = try results[0].get()
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    #expect(try results[2].get() == vector)
    let error = #expect(throws: PocketCLIPError.self) { try results[1].get() }
    #expect(error?.code == .imageSize)
  }

  @Test("Errors carry the C interface's code and message")
  func errors() throws {
    let error = #expect(throws: PocketCLIPError.self) { try Model(path: "/nowhere/b32.pclip") }
    #expect(error == PocketCLIPError(.open, message: "no such file: /nowhere/b32.pclip"))
    let session = try session("vit-fp32")
    #expect(throws: PocketCLIPError.self) { try session.encode(texts: ["a photo of a teapot"]) }
    #expect(throws: PocketCLIPError.self) { try session.encode(ids: [[1, 2, 3]]) }
  }

  @Test(
    "Every code has the C header's number and name, and no code of the header is missing")
  func codes() {
    for number in Int32(1)..<100 {
      let name = String(cString: pclip_error_name(number))
      guard name != "unknown" else {
        #expect(PocketCLIPError.Code(rawValue: number) == nil)
        continue
      }
      let code = PocketCLIPError.Code(rawValue: number).map { "PCLIP_E_\($0)".uppercased() }
      #expect(code?.replacing("_", with: "") == name.replacing("_", with: ""))
    }
  }

  @Test("The self-test and the content check pass on intact bundles")
  func checks() throws {
    let session = try session("resnet-int8")
    try session.selfTest()
    try session.model.checkContent()
  }

  @Test("Spaces are compared by the ids that both sides have")
  func spaces() {
    #expect(SpaceComparison("a.b", "a.b") == .same)
    #expect(SpaceComparison("a.-", "a.b") == .same)
    #expect(SpaceComparison("a.b", "c.b") == .different)
    #expect(SpaceComparison("a.-", "-.b") == .unknown)
  }

  @Test("A bundle in memory gives the same bits as its file, and a damaged one is an error")
  func memory() throws {
    let bytes = [UInt8](try Fixture.data("runtime/vit-int8.pclip"))
    let ids = [[Int32](repeating: 1, count: 12) + [70]]
    let expected = try session("vit-int8").encode(ids: ids)
    #expect(try Session(Model(bytes: bytes)).encode(ids: ids) == expected)
    for count in [0, 7, 1000, bytes.count - 1] {
      let error = #expect(throws: PocketCLIPError.self) { try Model(bytes: Array(bytes.prefix(count))) }
      #expect(error?.code == .format)
    }
  }

  @Test("Similarities are dot products, row by row")
  func similarities() throws {
    let scores = try similarity([[1, 2], [3, 4], [0, 1]], [[5, 6], [7, 8]])
    #expect(scores == [[17, 23], [39, 53], [6, 8]])
    #expect(try similarity([], [[1]]).isEmpty)
    #expect(try similarity([[1]], []) == [[]])
    #expect(throws: PocketCLIPError.self) { try similarity([[1, 2]], [[1]]) }
  }

  @Test("Classifying needs a scale, a tokenizer and a text")
  func classifying() throws {
    let image = try #require(Session.Image(pixels: [1, 2, 3], width: 1, height: 1))
    let unscaled = #expect(throws: PocketCLIPError.self) {
      try session("hidden-fp32").classify(images: [image], texts: ["a cat"])
    }
    #expect(unscaled?.message == "the bundle has no logit scale: pass one")
    let wordless = #expect(throws: PocketCLIPError.self) {
      try session("vit-int8").classify(images: [image], texts: ["a cat"])
    }
    #expect(wordless?.code == .noTower)
    let textless = #expect(throws: PocketCLIPError.self) {
      try session("vit-int8").classify(images: [image], texts: [])
    }
    #expect(textless?.message == "texts: expected at least one text to choose from, found none")
  }
}
