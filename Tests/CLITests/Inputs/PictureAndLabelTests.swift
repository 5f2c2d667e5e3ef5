import Foundation
import TestSupport
import Testing

/// How pictures, texts and labels reach the tool.
@Suite("Images and labels") struct PictureAndLabelTests {
  static let picture = Tool.fixture("minis/pictures/red-apple-00.jpg")
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

  private func jpeg() throws -> Data { try Data(contentsOf: URL(filePath: Self.picture)) }

  private func photos() throws -> String {
    let photos = folder.file("photos")
    for name in ["deep/er", ".hidden"] {
      try FileManager.default.createDirectory(
        atPath: "\(photos)/\(name)", withIntermediateDirectories: true)
    }
    for name in ["b.jpg", "A.JPEG", "deep/er/c.png", ".hidden/d.jpg", "notes.txt"] {
      try jpeg().write(to: URL(filePath: "\(photos)/\(name)"))
    }
    // Would be endless if it were followed.
    try FileManager.default.createSymbolicLink(atPath: "\(photos)/loop", withDestinationPath: ".")
    return photos
  }

  @Test("A folder stands for the pictures below it in the order of names, and what is left out is counted")
  func folderOfPictures() throws {
    let photos = try photos()
    let outcome = try Tool.run("embed", "-m", bundle, photos)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try inputs(outcome) == ["A.JPEG", "b.jpg", "deep/er/c.png"].map { "\(photos)/\($0)" })
    #expect(outcome.error.contains("3 pictures, 1 other file left out"), "\(outcome.error)")
  }

  @Test("A folder without pictures is an error that names it")
  func emptyFolder() throws {
    let empty = folder.file("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
    let outcome = try Tool.run("classify", "-m", bundle, empty, "--label", "a", "--label", "b")
    #expect(outcome.status == 65 && outcome.error.contains("no pictures in \(empty)"), "\(outcome.error)")
  }

  @Test("A list of paths comes one a line or ended by NUL", arguments: ["\n", "\0"])
  func listOfPictures(_ separator: String) throws {
    let other = Tool.fixture("minis/pictures/alarm-clock-00.jpg")
    let list = Data((Self.picture + separator + other + separator).utf8)
    let outcome = try Tool.run("embed", "-m", bundle, "--pictures", "-", input: list)
    #expect(try inputs(outcome) == [Self.picture, other], "\(outcome.error)")
  }

  @Test("A picture on standard input has the vector of the file")
  func pictureOnStandardInput() throws {
    let fromFile = try Tool.run("embed", "-m", bundle, Self.picture)
    let piped = try Tool.run("embed", "-m", bundle, "-", input: try jpeg())
    #expect(piped.status == 0, "\(piped.error)")
    #expect(
      piped.output.replacing("\"-\"", with: "") == fromFile.output.replacing("\"\(Self.picture)\"", with: ""))
  }

  @Test("A file of texts gives one vector a line, empty lines at its end passed over")
  func textsFile() throws {
    let outcome = try Tool.run("embed", "-m", bundle, "--texts", "-", input: Data("a cat\na dog\n\n".utf8))
    #expect(try inputs(outcome) == ["a cat", "a dog"], "\(outcome.error)")
  }

  @Test("An empty text and a NUL inside a line are refused with the line, as for labels")
  func badTexts() throws {
    let blank = try Tool.run("embed", "-m", bundle, "--texts", "-", input: Data("a cat\n\na dog\n".utf8))
    #expect(blank.status == 65 && blank.error.contains("-, line 2: the text is empty"), "\(blank.error)")
    let listed = try Tool.run("embed", "-m", bundle, "--text", "a cat", "--text", " ")
    #expect(listed.status == 64 && listed.error.contains("text 2 is empty"), "\(listed.error)")
    for option in ["--texts", "--labels", "--templates"] {
      let command = option == "--texts" ? ["embed"] : ["classify", Self.picture, "--label", "x"]
      let cut = try Tool.run(command + ["-m", bundle, option, "-"], input: Data("a {}\na\0b {}\n".utf8))
      #expect(cut.status == 65 && cut.error.contains("-, line 2: a NUL byte"), "\(cut.error)")
    }
  }

  @Test("A list of paths that holds NUL and does not end with it is refused: it was not made by find -print0")
  func mixedList() throws {
    let list = Data("\(Self.picture)\n\(Self.picture)\0x\n".utf8)
    let outcome = try Tool.run("embed", "-m", bundle, "--pictures", "-", input: list)
    #expect(outcome.status == 65 && outcome.error.contains("does not end with one"), "\(outcome.error)")
  }

  @Test("A vector does not depend on the pictures before it")
  func sessionIsReused() throws {
    let wide = Tool.fixture("preprocessing/pictures/wide.png")
    let alone = try Tool.run("embed", "-m", bundle, Self.picture)
    let after = try Tool.run("embed", "-m", bundle, wide, Self.picture)
    #expect(after.output.split(separator: "\n").last.map { $0 + "\n" } == alone.output[...], "\(after.error)")
  }

  @Test("Pictures that are skipped are warned about one by one and listed in the JSON")
  func skippedPictures() throws {
    let text = try folder.write(Data("not a picture".utf8), to: "text.jpg")
    let outcome = try Tool.run("embed", "-m", bundle, text, Self.picture, "/no/such.jpg", "--json")
    let skipped = try outcome.json()["skipped"] as? [[String: String]] ?? []
    #expect(outcome.status == 69 && skipped.map { $0["input"] } == [text, "/no/such.jpg"], "\(skipped)")
    #expect(outcome.error.contains("warning: skipped: /no/such.jpg: cannot be read: no such file"))
    #expect(outcome.error.contains("2 of 3 pictures skipped"), "\(outcome.error)")
    let classified = try Tool.run(
      "classify", "-m", bundle, text, Self.picture, "--label", "a", "--label", "b")
    #expect(classified.status == 69 && classified.error.contains("1 of 2 pictures skipped"))
  }

  @Test("What the original code makes of a rotated and of a 16-bit picture is said")
  func notes() throws {
    let outcome = try Tool.run(
      "embed", "-m", bundle, Tool.fixture("preprocessing/pictures/rotated.jpg"),
      Tool.fixture("preprocessing/pictures/grey-16.png"))
    #expect(outcome.error.contains("1 picture with a camera rotation"), "\(outcome.error)")
    #expect(outcome.error.contains("1 picture of 16-bit grey"), "\(outcome.error)")
  }

  @Test("--upright changes the vector of a rotated picture and of no other, and leaves nothing to note")
  func upright() throws {
    let rotated = Tool.fixture("preprocessing/pictures/rotated.jpg")
    let stored = try Tool.run("embed", "-m", bundle, Self.picture, rotated, "--quiet")
    let turned = try Tool.run("embed", "-m", bundle, Self.picture, rotated, "--upright")
    #expect(turned.status == 0 && turned.error.isEmpty, "\(turned.error)")
    let lines = [stored, turned].map { $0.output.split(separator: "\n") }
    try #require(lines.allSatisfy { $0.count == 2 })
    #expect(lines[0][0] == lines[1][0] && lines[0][1] != lines[1][1])
  }

  @Test("classify --lines prints one object a picture, those that failed included")
  func classifyLines() throws {
    let outcome = try Tool.run(
      "classify", "-m", bundle, Self.picture, "/no/such.jpg", "--label", "a", "--label", "b", "--lines")
    let objects = try outcome.lines()
    #expect(outcome.status == 66 && objects.count == 2, "\(outcome.output)")
    #expect((objects.first?["labels"] as? [Any])?.count == 2 && objects.last?["error"] != nil)
  }

  @Test("Templates from a file are those given one by one")
  func templatesFile() throws {
    let arguments = ["classify", "-m", bundle, Self.picture, "--label", "apple", "--label", "clock"]
    let oneByOne = try Tool.run(arguments + ["--template", "a {}.", "--template", "the {}."])
    let fromFile = try Tool.run(arguments + ["--templates", "-"], input: Data("a {}.\nthe {}.\n".utf8))
    #expect(oneByOne.status == 0 && fromFile.output == oneByOne.output, "\(fromFile.error)")
  }

  private func classify(labels bytes: Data) throws -> Tool.Outcome {
    try Tool.run("classify", "-m", bundle, Self.picture, "--labels", "-", "--top", "9", input: bytes)
  }

  @Test(
    "Label files of any system are read, empty lines at their end passed over",
    arguments: ["cat\ndog", "cat\r\ndog\r\n\r\n", "\u{FEFF}cat\ndog\n  \n"])
  func labelFiles(_ text: String) throws {
    let outcome = try classify(labels: Data(text.utf8))
    #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
    #expect(outcome.output == (try classify(labels: Data("cat\ndog\n".utf8))).output)
  }

  @Test("A bad label file is refused with the line, and an empty or missing one by its name")
  func badLabelFiles() throws {
    let blank = try classify(labels: Data("cat\n\ndog\n".utf8))
    #expect(blank.status == 65 && blank.error.contains("-, line 2: the label is empty"), "\(blank.error)")
    let latin = try classify(labels: Data([0x63, 0xE9, 0x0A]))
    #expect(latin.status == 65 && latin.error.contains("not UTF-8"), "\(latin.error)")
    #expect(try classify(labels: Data()).status == 65)
    let missing = try Tool.run("classify", "-m", bundle, Self.picture, "--labels", "/no/such.txt")
    #expect(missing.status == 66 && missing.error.contains("/no/such.txt"), "\(missing.error)")
    let isFolder = try Tool.run("classify", "-m", bundle, Self.picture, "--labels", "/")
    #expect(isFolder.status == 66 && isFolder.error.contains("folder"), "\(isFolder.error)")
  }

  @Test("A repeated label and a single one are allowed, with a warning")
  func doubtfulLabels() throws {
    #expect(try classify(labels: Data("cat\ndog\ncat\n".utf8)).error.contains("\"cat\" is given twice"))
    #expect(try classify(labels: Data("cat\n".utf8)).error.contains("one label alone"))
  }
}
