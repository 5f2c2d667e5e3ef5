import Foundation
import TestSupport
import Testing

@Suite("Bounds of convert", .serialized) struct RefusalTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ options: String...) throws -> Tool.Outcome {
    try Tool.run(
      ["convert", Self.mini, "-o", folder.file("m.pclip"), "--precision", "int8", "--effort", "nearest"]
        + options)
  }

  @Test("A refusal names every arithmetic and tower that missed its bound, with both figures")
  func everyBound() throws {
    let outcome = try convert("--min-cosine", "0.9999999")
    #expect(outcome.status == 1)
    let message = outcome.error.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for arithmetic in ["fast", "exact"] {
      for tower in ["image", "text"] {
        let figures = try Regex(
          "int8 \(arithmetic), \(tower): worst cosine 0\\.999[0-9]* is below 0\\.9999999")
        #expect(message.contains(figures), "\(message)")
      }
    }
    #expect(message.contains("hint: use --precision fp16 or fp32"))
  }

  @Test("A bound that only one arithmetic misses is named alone")
  func oneBound() throws {
    let outcome = try convert("--min-cosine", "0.9996")
    let message = outcome.error.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(message.contains("int8 fast, text: worst cosine"), "\(message)")
    #expect(!message.contains("exact") && !message.contains("image:"), "\(message)")
  }

  @Test("With bounds of the user the figures have the arithmetic's name alone")
  func labels() throws {
    let outcome = try convert("--min-cosine", "0.5")
    #expect(outcome.outputWords.contains("int8 fast image: worst cosine"), "\(outcome.output)")
    #expect(outcome.outputWords.contains("int8 exact image: worst cosine"), "\(outcome.output)")
  }

  @Test(
    "`info` states the demanded bounds, never more",
    arguments: [("0.5", "0.5"), ("0.9990001", "0.999"), ("0.9989999", "0.998999")])
  func info(given: String, stated: String) throws {
    #expect(try convert("--min-cosine", given).status == 0)
    let outcome = try Tool.run("info", folder.file("m.pclip"))
    #expect(
      outcome.outputWords.contains(
        "convert demanded worst cosines of at least \(stated) (image, exact), \(stated) (image, fast)"),
      "\(outcome.output)")
  }
}
