import Foundation
import TestSupport
import Testing

/// Several threads decode and encode images at once. Only the time may depend on it.
@Suite("Streams of images") struct ImageStreamTests {
  static let imageFolder = Tool.fixture("minis/images")
  private let folder: TemporaryFolder
  private let bundle: String
  /// More images than threads may be ahead, including two that cannot be read.
  private let inputs: [String]

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let converted = try Tool.run(
      "convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--precision", "int8", "--no-measure")
    try #require(converted.status == 0, "\(converted.error)")
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.imageFolder).sorted()
    var images = names.filter { $0.hasSuffix(".jpg") || $0.hasSuffix(".png") }.map {
      "\(Self.imageFolder)/\($0)"
    }
    try #require(images.count > 32)
    images.insert(folder.file("missing.jpg"), at: 1)
    images.insert(try folder.write(Data("no image".utf8), to: "text.jpg"), at: 17)
    inputs = images
  }

  private func run(_ command: String, threads: Int, _ options: String...) throws -> Tool.Outcome {
    try Tool.run(
      [command, "-m", bundle] + options + inputs, environment: ["PCLIP_THREADS": "\(threads)"])
  }

  @Test("Lines come in the order of the inputs and are the same on one thread and on eight")
  func order() throws {
    let single = try run("embed", threads: 1)
    let many = try run("embed", threads: 8)
    let paths = try single.lines().map { $0["input"] as? String }
    #expect(paths == inputs.filter { !$0.hasPrefix(folder.path) })
    #expect(many.output == single.output)
    #expect(many.error == single.error && many.status == single.status)
  }

  @Test(
    "Each unreadable image has one error, in input order, and the exit status reports that some were skipped")
  func failures() throws {
    let outcome = try run("classify", threads: 8, "--label", "a", "--label", "b", "--json")
    let images = try outcome.json()["images"] as? [[String: Any]] ?? []
    #expect(images.map { $0["path"] as? String } == inputs)
    #expect(images.indices.filter { images[$0]["error"] != nil } == [1, 17])
    #expect(outcome.status == 3 && outcome.error.contains("2 of \(inputs.count) images skipped"))
    #expect(outcome.error.split(separator: "\n").count { $0.hasPrefix("warning: skipped") } == 2)
  }
}
