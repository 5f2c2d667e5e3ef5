import Foundation
import PocketCLIP
import TestSupport
import Testing

@Suite struct SwiftInterfaceTests {
  private func session(_ name: String) throws -> Session {
    try Session(Model(path: Fixture.url("runtime/\(name).pclip").path))
  }

  @Test("A model tells what it is")
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

  @Test("Vectors have unit length, and a picture that cannot be encoded has its error")
  func pictures() throws {
    let session = try session("resnet-fp16")
    let bytes = (0..<3 * 60 * 80).map { UInt8(truncatingIfNeeded: 31 &* $0) }
    let good = try #require(Session.Picture(pixels: bytes, width: 60, height: 80))
    let wide = try #require(
      Session.Picture(pixels: [UInt8](repeating: 0, count: 3 * 17_000), width: 17_000, height: 1))
    let results = try session.encode(pictures: [good, wide, good])
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

  @Test("The self-test and the check of contents pass on intact bundles")
  func checks() throws {
    let session = try session("resnet-int8")
    try session.selfTest()
    try session.model.checkContent()
  }

  @Test("Spaces are compared by the ids known on both sides")
  func spaces() {
    #expect(SpaceComparison("a.b", "a.b") == .same)
    #expect(SpaceComparison("a.-", "a.b") == .same)
    #expect(SpaceComparison("a.b", "c.b") == .different)
    #expect(SpaceComparison("a.-", "-.b") == .unknown)
  }
}
