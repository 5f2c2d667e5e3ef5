import Foundation
import TestSupport
import Testing

/// How images, texts and labels are passed to the tool.
@Suite("Images and labels") struct ImageAndLabelTests {
  static let image = Tool.fixture("minis/images/red-apple-00.jpg")
  private let folder: TemporaryFolder
  private let bundle: String

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let outcome = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  /// The inputs of the JSON lines that `embed` printed.
  private func inputs(_ outcome: Tool.Outcome) throws -> [String] {
    try outcome.lines().map { $0["input"] as? String ?? "" }
  }

  private func jpeg() throws -> Data { try Data(contentsOf: URL(filePath: Self.image)) }

  private func photos() throws -> String {
    let photos = folder.file("photos")
    for name in ["deep/er", ".hidden"] {
      try FileManager.default.createDirectory(
        atPath: "\(photos)/\(name)", withIntermediateDirectories: true)
    }
    for name in ["b.jpg", "A.JPEG", "deep/er/c.png", ".hidden/d.jpg", "notes.txt"] {
      try jpeg().write(to: URL(filePath: "\(photos)/\(name)"))
    }
    // Following this link would not end.
    try FileManager.default.createSymbolicLink(atPath: "\(photos)/loop", withDestinationPath: ".")
    return photos
  }

  @Test("A folder means the images below it in name order, and skipped files are counted")
  func folderOfImages() throws {
    let photos = try photos()
    let outcome = try Tool.run("embed", "-m", bundle, photos)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try inputs(outcome) == ["A.JPEG", "b.jpg", "deep/er/c.png"].map { "\(photos)/\($0)" })
    #expect(
      outcome.error.contains("3 images; left out: 1 other file, 1 hidden name, 1 linked folder"),
      "\(outcome.error)")
  }

  @Test("A folder without images is an error that names it")
  func emptyFolder() throws {
    let empty = folder.file("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
    let outcome = try Tool.run("classify", "-m", bundle, empty, "--label", "a", "--label", "b")
    #expect(outcome.status == 65 && outcome.error.contains("no images in \(empty)"), "\(outcome.error)")
  }

  @Test("A list of paths has one path per line, or paths ended by NUL", arguments: ["\n", "\0"])
  func listOfImages(_ separator: String) throws {
    let other = Tool.fixture("minis/images/alarm-clock-00.jpg")
    let list = Data((Self.image + separator + other + separator).utf8)
    let outcome = try Tool.run("embed", "-m", bundle, "--images", "-", input: list)
    #expect(try inputs(outcome) == [Self.image, other], "\(outcome.error)")
  }

  @Test("An image on standard input has the same vector as the file")
  func imageOnStandardInput() throws {
    let fromFile = try Tool.run("embed", "-m", bundle, Self.image)
    let piped = try Tool.run("embed", "-m", bundle, "-", input: try jpeg())
    #expect(piped.status == 0, "\(piped.error)")
    #expect(
      piped.output.replacing("\"-\"", with: "") == fromFile.output.replacing("\"\(Self.image)\"", with: ""))
  }

  @Test("A file of texts gives one vector per line; empty lines at its end are ignored")
  func textsFile() throws {
    let outcome = try Tool.run("embed", "-m", bundle, "--texts", "-", input: Data("a cat\na dog\n\n".utf8))
    #expect(try inputs(outcome) == ["a cat", "a dog"], "\(outcome.error)")
  }

  @Test("An empty text and a NUL inside a line are errors with the line, as for labels")
  func badTexts() throws {
    let blank = try Tool.run("embed", "-m", bundle, "--texts", "-", input: Data("a cat\n\na dog\n".utf8))
    #expect(blank.status == 65 && blank.error.contains("-, line 2: the text is empty"), "\(blank.error)")
    let listed = try Tool.run("embed", "-m", bundle, "--text", "a cat", "--text", " ")
    #expect(listed.status == 64 && listed.error.contains("text 2 is empty"), "\(listed.error)")
    for option in ["--texts", "--labels", "--templates"] {
      let command = option == "--texts" ? ["embed"] : ["classify", Self.image, "--label", "x"]
      let cut = try Tool.run(command + ["-m", bundle, option, "-"], input: Data("a {}\na\0b {}\n".utf8))
      #expect(cut.status == 65 && cut.error.contains("-, line 2: a NUL byte"), "\(cut.error)")
    }
  }

  @Test(
    "A list of paths that contains NUL but does not end with it is an error, because find -print0 did not write it"
  )
  func mixedList() throws {
    let list = Data("\(Self.image)\n\(Self.image)\0x\n".utf8)
    let outcome = try Tool.run("embed", "-m", bundle, "--images", "-", input: list)
    #expect(outcome.status == 65 && outcome.error.contains("does not end with one"), "\(outcome.error)")
  }

  @Test("A vector does not depend on the images before it")
  func sessionIsReused() throws {
    let wide = Tool.fixture("preprocessing/images/wide.png")
    let alone = try Tool.run("embed", "-m", bundle, Self.image)
    let after = try Tool.run("embed", "-m", bundle, wide, Self.image)
    #expect(after.output.split(separator: "\n").last.map { $0 + "\n" } == alone.output[...], "\(after.error)")
  }

  @Test("Skipped images have one warning each and are listed in the JSON")
  func skippedImages() throws {
    let text = try folder.write(Data("not an image".utf8), to: "text.jpg")
    let outcome = try Tool.run("embed", "-m", bundle, text, Self.image, "/no/such.jpg", "--json")
    let skipped = try outcome.json()["skipped"] as? [[String: String]] ?? []
    #expect(outcome.status == 3 && skipped.map { $0["input"] } == [text, "/no/such.jpg"], "\(skipped)")
    #expect(outcome.error.contains("warning: skipped: /no/such.jpg: cannot be read: no such file"))
    #expect(outcome.error.contains("2 of 3 images skipped"), "\(outcome.error)")
    let classified = try Tool.run(
      "classify", "-m", bundle, text, Self.image, "--label", "a", "--label", "b")
    #expect(classified.status == 3 && classified.error.contains("1 of 2 images skipped"))
  }

  @Test("A note says how the original code treats rotated and 16-bit images")
  func notes() throws {
    let outcome = try Tool.run(
      "embed", "-m", bundle, Tool.fixture("preprocessing/images/rotated.jpg"),
      Tool.fixture("preprocessing/images/grey-16.png"))
    #expect(outcome.error.contains("the camera rotation (EXIF) of 1 image is ignored"), "\(outcome.error)")
    #expect(outcome.error.contains("1 image of 16-bit grey"), "\(outcome.error)")
  }

  @Test("--upright only changes the vector of a rotated image, and removes the note")
  func upright() throws {
    let rotated = Tool.fixture("preprocessing/images/rotated.jpg")
    let stored = try Tool.run("embed", "-m", bundle, Self.image, rotated, "--quiet")
    let turned = try Tool.run("embed", "-m", bundle, Self.image, rotated, "--upright")
    #expect(turned.status == 0 && turned.error.isEmpty, "\(turned.error)")
    let lines = [stored, turned].map { $0.output.split(separator: "\n") }
    try #require(lines.allSatisfy { $0.count == 2 })
    #expect(lines[0][0] == lines[1][0] && lines[0][1] != lines[1][1])
  }

  @Test("--scaled-jpeg only changes the vector of a large JPEG, slightly, and every output states it")
  func scaledJPEG() throws {
    let large = Tool.fixture("preprocessing/wide/large-420.jpg")
    let complete = try Tool.run("embed", "-m", bundle, Self.image, large)
    let scaled = try Tool.run("embed", "-m", bundle, Self.image, large, "--scaled-jpeg")
    #expect(complete.error.isEmpty && scaled.error.contains("1 JPEG file"), "\(scaled.error)")
    let (before, after) = (try complete.lines(), try scaled.lines())
    try #require(before.count == 2 && after.count == 2)
    #expect(before.allSatisfy { $0["scaled_jpeg"] == nil })
    #expect(after.allSatisfy { $0["scaled_jpeg"] as? Bool == true })
    let vectors = [before, after].map { $0.map { $0["vector"] as? [Double] ?? [] } }
    #expect(vectors[0][0] == vectors[1][0] && vectors[0][1] != vectors[1][1])
    #expect(zip(vectors[0][1], vectors[1][1]).reduce(0) { $0 + $1.0 * $1.1 } > 0.99)
    for arguments in [["embed"], ["classify", "--label", "a", "--label", "b"]] {
      let outcome = try Tool.run(arguments + ["-m", bundle, large, "--scaled-jpeg", "--json"])
      #expect(try outcome.json()["scaled_jpeg"] as? Bool == true)
    }
  }

  @Test("classify --lines prints one object per image, including images that failed")
  func classifyLines() throws {
    let outcome = try Tool.run(
      "classify", "-m", bundle, Self.image, "/no/such.jpg", "--label", "a", "--label", "b", "--lines")
    let objects = try outcome.lines()
    #expect(outcome.status == 3 && objects.count == 2, "\(outcome.output)")
    #expect((objects.first?["labels"] as? [Any])?.count == 2 && objects.last?["error"] != nil)
  }

  @Test("Templates from a file equal templates given one by one")
  func templatesFile() throws {
    let arguments = ["classify", "-m", bundle, Self.image, "--label", "apple", "--label", "clock"]
    let oneByOne = try Tool.run(arguments + ["--template", "a {}.", "--template", "the {}."])
    let fromFile = try Tool.run(arguments + ["--templates", "-"], input: Data("a {}.\nthe {}.\n".utf8))
    #expect(oneByOne.status == 0 && fromFile.output == oneByOne.output, "\(fromFile.error)")
  }

  private func classify(labels bytes: Data) throws -> Tool.Outcome {
    try Tool.run("classify", "-m", bundle, Self.image, "--labels", "-", "--top", "9", input: bytes)
  }

  @Test(
    "Label files of any system are read; empty lines at their end are ignored",
    arguments: ["cat\ndog", "cat\r\ndog\r\n\r\n", "\u{FEFF}cat\ndog\n  \n"])
  func labelFiles(_ text: String) throws {
    let outcome = try classify(labels: Data(text.utf8))
    #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
    #expect(outcome.output == (try classify(labels: Data("cat\ndog\n".utf8))).output)
  }

  @Test("An invalid label file is an error with the line, an empty or missing one with its name")
  func badLabelFiles() throws {
    let blank = try classify(labels: Data("cat\n\ndog\n".utf8))
    #expect(blank.status == 65 && blank.error.contains("-, line 2: the label is empty"), "\(blank.error)")
    let latin = try classify(labels: Data([0x63, 0xE9, 0x0A]))
    #expect(latin.status == 65 && latin.error.contains("not UTF-8"), "\(latin.error)")
    #expect(try classify(labels: Data()).status == 65)
    let missing = try Tool.run("classify", "-m", bundle, Self.image, "--labels", "/no/such.txt")
    #expect(missing.status == 66 && missing.error.contains("/no/such.txt"), "\(missing.error)")
    let isFolder = try Tool.run("classify", "-m", bundle, Self.image, "--labels", "/")
    #expect(isFolder.status == 66 && isFolder.error.contains("folder"), "\(isFolder.error)")
  }

  @Test("A repeated label and a single label are allowed, with a warning")
  func doubtfulLabels() throws {
    #expect(try classify(labels: Data("cat\ndog\ncat\n".utf8)).error.contains("\"cat\" is given twice"))
    #expect(try classify(labels: Data("cat\n".utf8)).error.contains("a single label"))
  }
}
