import Foundation
import Output
import TestSupport
import Testing

@Suite("Output folders") struct OutputFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func output(
    _ name: String = "a", replaces: Bool = false, sources: [String] = []
  ) throws(OutputError) -> OutputFolder {
    try OutputFolder(
      path: folder.file(name), replacesExisting: replaces, replaceable: ["model", "part"], sources: sources)
  }

  /// Why a folder cannot be created, or nil.
  private func refusal(_ name: String, replaces: Bool = false, sources: [String] = []) -> OutputError? {
    do throws(OutputError) {
      _ = try output(name, replaces: replaces, sources: sources)
      return nil
    } catch { return error }
  }

  /// A published folder with one file, and one in a folder of it.
  private func publish(_ text: String, replaces: Bool = false) throws {
    let output = try output(replaces: replaces)
    try output.makeFolder("part")
    for name in ["model", "part/model"] {
      try Data(text.utf8).write(to: URL(filePath: "\(output.partialPath)/\(name)"))
    }
    #expect(folder.names.contains(".a.pclip-partial"))
    try output.publish()
  }

  @Test("Nothing has the name before the end, and then it has every file")
  func published() throws {
    try publish("new")
    #expect(folder.names == ["a"])
    #expect(try folder.tree("a") == ["model": Data("new".utf8), "part/model": Data("new".utf8)])
  }

  @Test("What is not published leaves nothing")
  func abandoned() throws {
    do {
      let output = try output()
      try output.makeFolder("part")
    }
    #expect(folder.names == [])
  }

  @Test("An existing folder is left alone, unless it may be replaced, and then it is replaced whole")
  func existing() throws {
    try publish("old")
    #expect(refusal("a")?.code == .folderExists)
    try FileManager.default.removeItem(atPath: folder.file("a/part/model"))
    try publish("new", replaces: true)
    #expect(try folder.tree("a") == ["model": Data("new".utf8), "part/model": Data("new".utf8)])
    #expect(folder.names == ["a"])
  }

  @Test("A folder with anything else in it is never replaced; an empty one is filled")
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

  @Test("The folder of a source is never replaced")
  func source() throws {
    try publish("mine")
    #expect(refusal("a", replaces: true, sources: [folder.file("a/model")])?.code == .isSource)
  }

  @Test("What an interrupted run left is removed, what a running one holds is not")
  func leftover() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file(".a.pclip-partial/part"), withIntermediateDirectories: true)
    let first = try output()
    #expect(refusal("a")?.code == .beingWritten)
    try first.publish()
    #expect(folder.names == ["a"])
    #expect(try folder.tree("a").isEmpty)
  }

  @Test("A file and a missing folder have errors of their own")
  func impossible() throws {
    try folder.write(Data("mine".utf8), to: "file")
    #expect(refusal("none/a")?.code == .folderMissing)
    #expect(refusal("file", replaces: true)?.code == .exists)
    #expect(folder.names == ["file"])
  }
}
