import Foundation
import TestSupport
import Testing

/// The page that `verify --html` writes.
@Suite("verify --html") struct VerifyPageTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private static let images = Tool.fixture("minis/images")
  private let folder: TemporaryFolder
  private let bundle: String

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let outcome = try Tool.run("convert", Self.mini, "-o", bundle, "--precision", "int8", "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  private func verify(_ arguments: String...) throws -> Tool.Outcome {
    try Tool.run(["verify", bundle, "--against", Self.mini, "-q"] + arguments)
  }

  private func page(_ arguments: String...) throws -> String {
    let outcome = try Tool.run(
      ["verify", bundle, "--against", Self.mini, "-q", "--html", folder.file("r.html"), "--force"] + arguments
    )
    #expect(outcome.status == 0, "\(outcome.error)")
    return try String(contentsOfFile: folder.file("r.html"), encoding: .utf8)
  }

  @Test("One file without scripts that loads nothing, below 2 MB, with every part")
  func complete() throws {
    let page = try page("--image", Self.images, "--labels", Self.images + "/labels.txt")
    #expect(page.utf8.count < 2_000_000)
    for forbidden in ["<script", "http://", "https://", "<link", "url(", "@import", "<iframe"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
    #expect(page.matches(of: /src="(?!data:image\/png;base64,)/).isEmpty)
    for part in [
      "Vectors", "Layers of the image tower", "Layers of the text tower", "Your images", "Your texts",
      "Decisions", "Similarities", "Worst of yours, int8 fast", "Worst of yours, int8 exact", "Settings",
      "To repeat this",
    ] {
      #expect(page.contains("<h2>\(part)</h2>"), "\(part)")
    }
    #expect(page.contains("38 of 38") && page.contains("(90.8 to 100.0 %)"))
    #expect(page.matches(of: /data:image\/png;base64,/).count == 20)
    #expect(page.contains("pocketclip verify \(bundle)") && page.contains("--image \(Self.images)"))
  }

  @Test("Without your images it shows the built-in ones; the same command writes the same bytes")
  func builtIn() throws {
    let first = try page()
    #expect(first.contains("Layers of the image tower") && !first.contains("Your images"))
    #expect(try page() == first)
  }

  @Test("A failed comparison has its page, too")
  func failure() throws {
    let outcome = try verify("--html", folder.file("f.html"), "--min-cosine", "0.9999999")
    #expect(outcome.status == 1)
    let page = try String(contentsOfFile: folder.file("f.html"), encoding: .utf8)
    #expect(page.contains("<span class=\"verdict fail\">fail</span>") && page.contains("is below 0.9999999"))
  }

  @Test("Names and labels cannot add markup")
  func escaping() throws {
    let hostile = "<img src=x onerror=alert(1)>&\"'\u{202E}"
    let labels = folder.file("labels.txt")
    try Data("\(hostile)\nanother\n".utf8).write(to: URL(filePath: labels))
    let image = folder.file("<b>&.jpg")
    try FileManager.default.copyItem(atPath: Self.images + "/red-apple-00.jpg", toPath: image)
    let outcome = try verify("--html", folder.file("r.html"), "--labels", labels, "--image", image)
    #expect(outcome.status == 1, "too few images: \(outcome.error)")
    let page = try String(contentsOfFile: folder.file("r.html"), encoding: .utf8)
    #expect(!page.contains("<img src=x") && !page.contains("<b>") && !page.contains("\u{202E}"))
    #expect(page.contains("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;"))
  }

  @Test("A page that cannot be written is refused before anything is computed")
  func destinations() throws {
    try Data("mine".utf8).write(to: URL(filePath: folder.file("r.html")))
    let existing = try verify("--html", folder.file("r.html"))
    #expect(existing.status == 73 && existing.error.contains("r.html") && existing.output.isEmpty)
    #expect(try verify("--html", folder.file("none/r.html")).status == 73)
    #expect(try verify("--html", "-").status == 64)
    let source = try verify("--html", bundle, "--force")
    #expect(source.status == 73 && source.error.contains("m.pclip"), "\(source.error)")
    #expect(try String(contentsOfFile: folder.file("r.html"), encoding: .utf8) == "mine")
  }

  @Test("No file that the command reads is replaced: labels, lists, images")
  func inputs() throws {
    let labels = folder.file("labels.txt")
    try Data("a cat\na dog\n".utf8).write(to: URL(filePath: labels))
    let images = folder.file("images")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    let image = images + "/a.jpg"
    try FileManager.default.copyItem(atPath: Self.images + "/red-apple-00.jpg", toPath: image)
    let list = folder.file("list.txt")
    try Data("\(image)\n".utf8).write(to: URL(filePath: list))
    for path in [labels, list, image] {
      let before = try Data(contentsOf: URL(filePath: path))
      let outcome = try verify(
        "--image", images, "--images", list, "--labels", labels, "--html", path, "--force")
      #expect(outcome.status == 73, "\(path): \(outcome.error)")
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }
}
