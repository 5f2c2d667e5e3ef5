import Foundation
import PocketCLIP
import TestSupport
import Testing

@Suite("Bundle cards") struct BundleCardTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The bundle `b32.pclip`.
  private func bundle(_ options: String..., of source: String = mini) throws -> String {
    let path = folder.file("b32.pclip")
    let outcome = try Tool.run(["convert", source, "-o", path, "-q", "--force"] + options)
    try #require(outcome.status == 0, "\(outcome.error)")
    return path
  }

  private func card(_ bundle: String) throws -> String {
    let outcome = try Tool.run("info", bundle, "--markdown")
    try #require(outcome.status == 0, "\(outcome.error)")
    return outcome.output
  }

  /// The code blocks of a page in a language.
  private func blocks(_ language: String, in page: String) -> [String] {
    page.components(separatedBy: "```\(language)\n").dropFirst().map {
      String($0.components(separatedBy: "```\n")[0])
    }
  }

  @Test("A card states origin, settings, forms, demanded bounds, size and ids as info --json does")
  func facts() throws {
    let path = try bundle("--precision", "int8")
    let card = try card(path)
    let info = try #require(try Tool.run("info", path, "--json").json()["bundle"] as? [String: Any])
    let source = try #require(info["source"] as? [String: Any])
    for text in [
      info["space_id"], info["bundle_id"], source["sha256"], info["file_byte_count"],
      "mini-vit.pt (torchscript)",
      "64 × 64 pixels", "77 tokens, tokenizer openai", "quickgelu",
      "14 matrices: 14 int8, rounded to nearest",
      "standard-2-", "They are the bounds that were demanded", "| images, fast arithmetic | 0.9998 |",
      "| converted by | pocketclip ", "not stated by the source",
    ] { #expect(card.contains("\(text ?? "nil")"), "\(text ?? "nil")") }
    let bounds = try #require(info["demanded_cosine"] as? [String: Double])
    for bound in bounds.values { #expect(card.contains("| \(bound) |")) }
  }

  @Test("The bytes depend on the bundle and its name alone")
  func sameBytes() throws {
    let path = try bundle("--precision", "int8")
    let first = try card(path)
    let other = try Tool.run(
      ["info", path, "--markdown", "--threads", "1", "--isa", "scalar"], environment: ["LANG": "de_DE.UTF-8"])
    #expect(other.output == first && !first.contains(folder.path))
    let again = try Tool.run("info", "b32.pclip", "--markdown", in: folder.path)
    #expect(again.output == first)
  }

  @Test("A bundle that was not measured says so, and a calibrated one names its images and texts")
  func otherBundles() throws {
    let unmeasured = try card(bundle("--no-measure"))
    #expect(unmeasured.contains("written without measuring it") && !unmeasured.contains("at least"))
    #expect(!unmeasured.contains("## Quantization"))
    let calibrated = try card(bundle("--precision", "int8", "--effort", "calibrated", "--no-measure"))
    #expect(
      calibrated.contains("int8, calibrated") && calibrated.contains("were chosen on the images and texts `"))
  }

  @Test("The programs of docs/CARD.md, which `make check-docs` runs, are those of a card")
  func page() throws {
    let card = try card(bundle("--precision", "int8"))
    let page = try Repository.text("docs/CARD.md")
    for language in ["python", "c"] {
      let own = blocks(language, in: card)
      #expect(own.count == 1 && own == blocks(language, in: page), "\(own)")
    }
    let commands = try #require(blocks("sh", in: card).last)
    #expect(page.contains(commands), "\(commands)")
  }

  @Test(
    "The Swift of a card is compiled here",
    arguments: [["--tower", "both"], ["--tower", "image"], ["--tower", "text"]])
  func swift(_ options: [String]) throws {
    let path = folder.file("b32.pclip")
    let outcome = try Tool.run(["convert", Self.mini, "-o", path, "-q", "--force", "--no-measure"] + options)
    try #require(outcome.status == 0, "\(outcome.error)")
    let code = try #require(blocks("swift", in: card(path)).first)
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let compiled = source.split(separator: "\n").map { $0.drop { $0 == " " } }
    for line in code.split(separator: "\n") {
      #expect(compiled.contains(line.drop { $0 == " " }), "\(line)")
    }
  }

  /// The lines that `swift` looks for.
  private func compiledOnly() throws {
    let session = try Session(Model(path: "b32.pclip"))
    let pixels = [UInt8](repeating: 0, count: 320 * 240 * 3)  // your image, top row first
    if let image = Session.Image(pixels: pixels, width: 320, height: 240) {
      print(try session.encode(images: [image])[0].get())
    }
    print(try session.encode(texts: ["a cat"])[0])
  }

  @Test("A name or licence with Markdown in it stays text")
  func hostileNames() throws {
    let source = folder.file("a|b <img src=x> `c`.pt")
    try FileManager.default.copyItem(atPath: Self.mini, toPath: source)
    let path = folder.file("a [link](http:x) | *.pclip")
    let outcome = try Tool.run("convert", source, "-o", path, "-q", "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
    let card = try card(path)
    #expect(card.hasPrefix("# a \\[link\\](http:x) \\| \\*.pclip\n"))
    #expect(card.contains("a\\|b \\<img src=x\\> \\`c\\`.pt"))
    let facts = card.components(separatedBy: "## Use")[0].replacing("\\<", with: "")
    #expect(
      !facts.contains("<")
        && card.contains("`model.pclip` stands for the name of this file"))
    #expect(card.contains("verify model.pclip --against SOURCE"))
  }

  @Test("--markdown needs a bundle, and excludes --json")
  func usage() throws {
    #expect(try Tool.run("info", "--markdown").status == 64)
    #expect(try Tool.run("info", try bundle("--no-measure"), "--markdown", "--json").status == 64)
  }
}
