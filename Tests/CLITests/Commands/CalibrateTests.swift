import Foundation
import TestSupport
import Testing

@Suite("convert --calibrate", .serialized) struct CalibrateTests {
  private static let mini = Tool.fixture("minis/mini-rn.pt")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ name: String, _ options: [String]) throws -> (bytes: Data, output: String) {
    let path = folder.file(name)
    let outcome = try Tool.run(
      ["convert", Self.mini, "-o", path, "--precision", "int8", "--effort", "calibrated"] + options)
    #expect(outcome.status == 0, "\(outcome.error)")
    return (try Data(contentsOf: URL(filePath: path)), outcome.outputWords)
  }

  @Test("Given images choose other values than the built-in ones, and the same images the same values")
  func images() throws {
    let images = [ResumeTests.apple, ResumeTests.clock].flatMap { ["--calibrate", $0] }
    let builtIn = try convert("built-in", [])
    let given = try convert("given", images)
    #expect(given.output.contains("calibrated on 2 images and 130 texts (given-"), "\(given.output)")
    #expect(given.bytes != builtIn.bytes)
    #expect(try convert("again", images).bytes == given.bytes)
    #expect(try convert("one", Array(images.prefix(2))).bytes != given.bytes)
  }

  @Test("Given texts choose other values than the built-in ones, and the same texts the same values")
  func texts() throws {
    let path = folder.file("texts.txt")
    try Data("a picture of a banana.\na picture of a key.\n".utf8).write(to: URL(filePath: path))
    let texts = ["--calibrate-texts", path, "--tower", "text"]
    let builtIn = try convert("built-in", ["--tower", "text"])
    let given = try convert("given", texts)
    #expect(given.output.contains("calibrated on 0 images and 2 texts (given-"), "\(given.output)")
    #expect(given.bytes != builtIn.bytes)
    #expect(try convert("again", texts).bytes == given.bytes)
  }

  @Test("Inputs of a tower that the bundle does not get are refused", arguments: ["image", "text"])
  func uselessInputs(tower: String) throws {
    let path = folder.file("texts.txt")
    try Data("a\n".utf8).write(to: URL(filePath: path))
    let (option, value) =
      tower == "text" ? ("--calibrate", ResumeTests.apple) : ("--calibrate-texts", path)
    let outcome = try Tool.run([
      "convert", Self.mini, "-o", folder.file("m"), "--precision", "int8", "--tower", tower, option, value,
    ])
    #expect(outcome.status == 64 && outcome.error.contains("hint: leave out \(option)\n"), "\(outcome.error)")
    #expect(!folder.names.contains("m"))
  }
}
