import Foundation
import Output
import TestSupport
import Testing

@Suite("Output folders") struct OutputFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let layouts = [
    FolderLayout(files: ["part/text"], signed: ["model"]), FolderLayout(files: ["text"], signed: ["graph"]),
  ]

  private func output(
    _ name: String = "a", replaces: Bool = false, sources: [String] = []
  ) throws(OutputError) -> OutputFolder {
    try OutputFolder(
      path: folder.file(name), replacesExisting: replaces, replaceable: Self.layouts, sources: sources)
  }

  /// Why a folder cannot be created, or nil.
  private func refusal(_ name: String, replaces: Bool = false, sources: [String] = []) -> OutputError? {
    do throws(OutputError) {
      _ = try output(name, replaces: replaces, sources: sources)
      return nil
    } catch { return error }
  }

  /// A published folder with one file, and one file in a subfolder.
  private func publish(
    _ text: String, replaces: Bool = false, exchanges: Bool = true,
    _ reached: (OutputFolder.Step) -> Void = { _ in }
  ) throws {
    let output = try output(replaces: replaces)
    try output.makeFolder("part")
    for (name, data) in Self.content(text) {
      try data.write(to: URL(filePath: "\(output.partialPath)/\(name)"))
    }
    #expect(folder.names.contains(".a.pclip-partial"))
    try output.publish(exchangesNames: exchanges, reached)
  }

  static func content(_ text: String) -> [String: Data] {
    ["model": Data("pocketclip \(text)".utf8), "part/text": Data(text.utf8)]
  }

  @Test("The folder has no name before the end, and then has every file")
  func published() throws {
    try publish("new")
    #expect(folder.names == ["a"])
    #expect(try folder.tree("a") == Self.content("new"))
  }

  @Test("An unpublished folder leaves nothing")
  func abandoned() throws {
    do {
      let output = try output()
      try output.makeFolder("part")
    }
    #expect(folder.names == [])
  }

  @Test(
    "An existing folder is kept, unless it may be replaced; it is then replaced completely",
    arguments: [true, false])
  func existing(exchanges: Bool) throws {
    try publish("old")
    #expect(refusal("a")?.code == .folderExists)
    try FileManager.default.removeItem(atPath: folder.file("a/part/text"))
    #expect(chmod(folder.file("a"), 0o7750) == 0)
    var steps: [OutputFolder.Step] = []
    try publish("new", replaces: true, exchanges: exchanges) { steps.append($0) }
    #expect(steps == (exchanges ? [.exchanged, .removed] : [.setAside, .renamed, .removed]))
    var status = stat()
    #expect(stat(folder.file("a"), &status) == 0 && status.st_mode & 0o7777 == 0o750)
    #expect(try folder.tree("a") == Self.content("new"))
    #expect(folder.names == ["a"])
  }

  @Test("A folder with other files is never replaced; an empty folder is used")
  func foreign() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("a/part"), withIntermediateDirectories: true)
    try folder.write(Data("mine".utf8), to: "a/part/holiday.jpg")
    let error = refusal("a", replaces: true)
    #expect(error?.code == .folderHoldsOthers && error?.reason == "part/holiday.jpg")
    try FileManager.default.removeItem(atPath: folder.file("a/part"))
    try publish("new")
    #expect(folder.names == ["a"])
  }

  /// The contents of a folder (nil for a subfolder), and the expected reason.
  static let others: [(content: [String: String?], reason: String)] = [
    (["model": "somebody else's"], "model does not name pocketclip"),
    (["part/text": "ours, but for the weights"], "without weights"),
    (["model": "pocketclip", "text": "another layout's"], "text"),
    (["model": "pocketclip", "part/model": "pocketclip"], "part/model"),
    (["model": "pocketclip", "part/part/text": "too deep"], "part/part"),
    (["model": "pocketclip", "text/part": "a folder in the place of a file"], "text"),
    (["model/text": "a folder in the place of a file"], "model"),
    (["model": "pocketclip", "part": "a file in the place of a folder"], "part"),
    (["model": "pocketclip", "empty": nil], "empty"),
    (["graph": "pocketclip", "model": "pocketclip", "text": "of two"], "model"),
  ]

  @Test(
    "A folder is an export only if it has the files of one, at their paths, and PocketCLIP's weights",
    arguments: others.indices)
  func otherLayouts(_ index: Int) throws {
    let (content, reason) = Self.others[index]
    for (name, text) in content {
      let path = folder.file("a/\(name)")
      let above = text == nil ? path : String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
      try FileManager.default.createDirectory(atPath: above, withIntermediateDirectories: true)
      if let text { try Data(text.utf8).write(to: URL(filePath: path)) }
    }
    let before = try folder.tree("a")
    let error = refusal("a", replaces: true)
    #expect(error?.code == .folderHoldsOthers && error?.reason == reason, "\(error?.reason ?? "none")")
    #expect(try folder.tree("a") == before)
  }

  @Test("A link to a file is not part of an export")
  func linkedFile() throws {
    try publish("old")
    try folder.write(Data("pocketclip".utf8), to: "mine")
    try FileManager.default.removeItem(atPath: folder.file("a/model"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("a/model"), withDestinationPath: folder.file("mine"))
    #expect(refusal("a", replaces: true)?.reason == "model")
  }

  @Test("The folder of a source is never replaced")
  func source() throws {
    try publish("mine")
    #expect(refusal("a", replaces: true, sources: [folder.file("a/model")])?.code == .isSource)
  }

  @Test("A leftover of an interrupted run is removed; one that a running process holds is not")
  func leftover() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file(".a.pclip-partial/part"), withIntermediateDirectories: true)
    let first = try output()
    #expect(refusal("a")?.code == .beingWritten)
    try first.publish()
    #expect(folder.names == ["a"])
    #expect(try folder.tree("a").isEmpty)
  }

  /// Where a process can end, and whether the names are exchanged there.
  static let ends: [(step: OutputFolder.Step, exchanges: Bool)] = [
    (.exchanged, true), (.removed, true), (.setAside, false), (.renamed, false), (.removed, false),
  ]

  @Test(
    "A process that ends while it replaces a folder leaves a complete one; the next run cleans up",
    arguments: ends.indices)
  func killed(_ end: Int) async throws {
    try publish("old")
    let path = folder.file("a")
    await #expect(processExitsWith: .exitCode(9)) { [path = path as String, end] in
      let output = try OutputFolder(
        path: path, replacesExisting: true, replaceable: OutputFolderTests.layouts)
      try output.makeFolder("part")
      for (name, data) in OutputFolderTests.content("new") {
        try data.write(to: URL(filePath: "\(output.partialPath)/\(name)"))
      }
      let (step, exchanges) = OutputFolderTests.ends[end]
      try output.publish(exchangesNames: exchanges) { if $0 == step { _exit(9) } }
    }
    let isHidden = Self.ends[end].step == .setAside
    #expect(folder.names.contains("a") == !isHidden)
    if !isHidden { #expect(try folder.tree("a") == Self.content("new")) }
    #expect(refusal("a")?.code == .folderExists)
    #expect(try folder.tree("a") == Self.content(isHidden ? "old" : "new"))
    #expect(folder.names == ["a"])
    try publish("newer", replaces: true, exchanges: Self.ends[end].exchanges)
    #expect(try folder.tree("a") == Self.content("newer") && folder.names == ["a"])
  }

  @Test("Another folder or file under a hidden name is an error and stays")
  func foreignLeftover() throws {
    for name in [".a.pclip-partial", ".a.pclip-replaced"] {
      try FileManager.default.createDirectory(
        atPath: folder.file("\(name)/part"), withIntermediateDirectories: true)
      try folder.write(Data("mine".utf8), to: "\(name)/part/holiday.jpg")
      let error = refusal("a", replaces: true)
      #expect(error?.code == .leftoverHoldsOthers && error?.reason == "part/holiday.jpg")
      #expect(error?.path == folder.file(name))
      #expect(try folder.tree(name) == ["part/holiday.jpg": Data("mine".utf8)])
      try FileManager.default.removeItem(atPath: folder.file(name))
    }
    try folder.write(Data("mine".utf8), to: ".a.pclip-partial")
    #expect(refusal("a") != nil && folder.names == [".a.pclip-partial"])
  }

  @Test("A link under the output's name is an error, and links in a leftover are not followed")
  func links() throws {
    let other = folder.file("other")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
    try folder.write(Data("mine".utf8), to: "other/model")
    try FileManager.default.createSymbolicLink(atPath: folder.file("a"), withDestinationPath: other)
    #expect(refusal("a", replaces: true)?.code == .isLink)
    try FileManager.default.removeItem(atPath: folder.file("a"))
    try FileManager.default.createDirectory(
      atPath: folder.file(".b.pclip-partial"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: folder.file(".b.pclip-partial/part"), withDestinationPath: other)
    let error = refusal("b")
    #expect(error?.code == .leftoverHoldsOthers && error?.reason == "part")
    #expect(try folder.tree("other") == ["model": Data("mine".utf8)])
  }

  @Test("A file and a missing folder have separate errors")
  func impossible() throws {
    try folder.write(Data("mine".utf8), to: "file")
    #expect(refusal("none/a")?.code == .folderMissing)
    #expect(refusal("file", replaces: true)?.code == .exists)
    #expect(folder.names == ["file"])
  }
}
