import Foundation
import Output
import TestSupport
import Testing

/// Unnamed temporary files and named ones.
@Suite("Output files") struct OutputFileTests {
  private static let content = [UInt8](repeating: 7, count: 5000)

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(
    _ name: String = "a", replaces: Bool = false, sources: [String] = [], isUnnamed: Bool = true
  ) throws(OutputError) -> OutputFile {
    try OutputFile(
      path: folder.file(name), replacesExisting: replaces, sources: sources, usesUnnamedFile: isUnnamed)
  }

  private func write(_ file: borrowing OutputFile) throws(OutputError) {
    try file.region.layOut(byteCount: Self.content.count)
    try file.region.write(Self.content.span.bytes, at: 0)
  }

  /// Why a file cannot be created, or nil.
  private func refusal(_ name: String, replaces: Bool = false, sources: [String] = []) -> OutputError.Code? {
    do throws(OutputError) {
      _ = try file(name, replaces: replaces, sources: sources)
      return nil
    } catch { return error.code }
  }

  @Test("The file has no name before the end, and then has all bytes", arguments: [true, false])
  func published(isUnnamed: Bool) throws {
    let output = try file(isUnnamed: isUnnamed)
    #expect(folder.names == (isUnnamed ? [] : [".a.pclip-partial"]))
    try write(output)
    #expect(try Data(contentsOf: URL(filePath: output.readablePath)) == Data(Self.content))
    #expect(!folder.names.contains("a"))
    try output.publish()
    #expect(folder.names == ["a"])
    #expect(try folder.data("a") == Data(Self.content))
  }

  @Test("An unpublished file leaves nothing", arguments: [true, false])
  func abandoned(isUnnamed: Bool) throws {
    do {
      let output = try file(isUnnamed: isUnnamed)
      try write(output)
    }
    #expect(folder.names == [])
  }

  @Test("An existing file is kept, unless it may be replaced", arguments: [true, false])
  func existing(isUnnamed: Bool) throws {
    try folder.write(Data("mine".utf8), to: "a")
    #expect(refusal("a") == .exists)
    #expect(try folder.data("a") == Data("mine".utf8))
    let output = try file(replaces: true, isUnnamed: isUnnamed)
    try write(output)
    #expect(try folder.data("a") == Data("mine".utf8))
    try output.publish()
    #expect(try folder.data("a") == Data(Self.content))
    #expect(folder.names == ["a"])
  }

  @Test(
    "A replaced file keeps its permissions, without the set-user-ID and set-group-ID bits",
    arguments: [true, false], [0o640, 0o7640] as [mode_t])
  func permissions(isUnnamed: Bool, mode: mode_t) throws {
    let path = try folder.write(Data("mine".utf8), to: "a")
    #expect(chmod(path, mode) == 0)
    let output = try file(replaces: true, isUnnamed: isUnnamed)
    try write(output)
    try output.publish()
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o640)
  }

  @Test("A file that appears during writing is not replaced", arguments: [true, false])
  func meanwhile(isUnnamed: Bool) throws {
    let output = try file(isUnnamed: isUnnamed)
    try folder.write(Data("mine".utf8), to: "a")
    do throws(OutputError) {
      try output.publish()
      Issue.record("the file was replaced")
    } catch { #expect(error.code == .exists) }
    #expect(try folder.data("a") == Data("mine".utf8))
    #expect(folder.names == ["a"])
  }

  @Test("A leftover of an interrupted run is removed; one that a running process holds is not")
  func leftover() throws {
    try folder.write(Data("half".utf8), to: ".a.pclip-partial")
    let first = try file(isUnnamed: false)
    #expect(refusal("a") == .beingWritten)
    #expect(folder.names == [".a.pclip-partial"])
    try first.publish()
    #expect(folder.names == ["a"])
  }

  @Test("A source is never replaced, with any options")
  func source() throws {
    let path = try folder.write(Data("mine".utf8), to: "a")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: path)
    #expect(refusal("a", replaces: true, sources: [path]) == .isSource)
    #expect(refusal("a", replaces: true, sources: [folder.file("link")]) == .isSource)
    #expect(refusal("a", replaces: true) == nil)
    #expect(refusal("link", replaces: true) == .isLink && refusal("link") == .isLink)
  }

  @Test("Each impossible output has its own error, with one line and advice")
  func impossible() throws {
    try FileManager.default.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: false)
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    #expect(refusal("none/a") == .folderMissing)
    #expect(refusal("sub", replaces: true) == .isFolder)
    #expect(refusal("pipe", replaces: true) == .notAFile)
    for code in OutputError.Code.allCases {
      let problem = OutputError(code, path: "a.pclip", reason: "reason")
      #expect(!problem.hint.isEmpty && !problem.description.contains("\n"))
    }
  }

  @Test("A full disk is reported and leaves nothing", arguments: [true, false])
  func fullDisk(isUnnamed: Bool) async {
    await #expect(processExitsWith: .success) { [isUnnamed] in
      try limitFileSizes(to: 4096)
      let folder = try TemporaryFolder()
      do throws(OutputError) {
        let output = try OutputFile(
          path: folder.file("a"), replacesExisting: false, usesUnnamedFile: isUnnamed)
        try output.region.write([UInt8](repeating: 7, count: 5000).span.bytes, at: 0)
        exit(3)
      } catch { if error.code != .diskFull { exit(4) } }
      exit(folder.names.isEmpty ? 0 : 5)
    }
  }
}
