import BundleFormat
import BundleWriter
import Foundation
import Output
import TestSupport
import Testing

@Suite("Bundles appear complete or not at all") struct AtomicityTests {
  private func write(
    _ folder: TemporaryFolder, name: String = "a.pclip", _ configure: (inout WriteOptions) -> Void = { _ in }
  )
    throws
  {
    _ = try writtenBundle(SmallModels.resNet, .fp16, in: folder, name: name, options: configure)
  }

  private func outputError(_ folder: TemporaryFolder, name: String, replaces: Bool = false) -> OutputError? {
    let options = WriteOptions(path: folder.file(name), replacesExisting: replaces)
    do throws(BundleWriteError<Never>) {
      _ = try BundleWriter.write(SmallModels.request(SmallModels.resNet, .fp16), options: options)
      return nil
    } catch {
      if case .output(let problem) = error { return problem }
      return nil
    }
  }

  @Test("An existing file is left alone without --force")
  func anExistingFileIsLeftAloneWithoutForce() throws {
    let folder = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file("a.pclip")))
    #expect(outputError(folder, name: "a.pclip")?.code == .exists)
    #expect(try fileBytes(folder.file("a.pclip")) == Array("mine".utf8))
    #expect(folder.names == ["a.pclip"])
  }

  @Test("An existing file is replaced with --force", arguments: [true, false])
  func anExistingFileIsReplacedWithForce(nameless: Bool) throws {
    let folder = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file("a.pclip")))
    try write(folder) { options in
      options.replacesExisting = true
      options.usesNamelessFile = nameless
    }
    #expect(try fileBytes(folder.file("a.pclip")).count > 1000)
    #expect(folder.names == ["a.pclip"])
  }

  @Test("A file that appears meanwhile is not replaced", arguments: [true, false])
  func aFileThatAppearsMeanwhileIsNotReplaced(nameless: Bool) throws {
    let folder = try TemporaryFolder()
    var options = WriteOptions(path: folder.file("a.pclip"))
    options.usesNamelessFile = nameless
    let unfinished = try BundleWriter.write(SmallModels.request(SmallModels.resNet, .fp16), options: options)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file("a.pclip")))
    do throws(OutputError) {
      _ = try unfinished.finish(SmallModels.selfTest(SmallModels.resNet))
      Issue.record("the file was replaced")
    } catch {
      #expect(error.code == .exists)
    }
    #expect(try fileBytes(folder.file("a.pclip")) == Array("mine".utf8))
    #expect(folder.names == ["a.pclip"])
  }

  @Test("Nothing has the name before the end", arguments: [true, false])
  func nothingHasTheNameBeforeTheEnd(nameless: Bool) throws {
    let folder = try TemporaryFolder()
    var options = WriteOptions(path: folder.file("a.pclip"))
    options.usesNamelessFile = nameless
    let unfinished = try BundleWriter.write(SmallModels.request(SmallModels.resNet, .fp16), options: options)
    #expect(folder.names == (nameless ? [] : [".a.pclip-partial"]))
    _ = try unfinished.finish(SmallModels.selfTest(SmallModels.resNet))
    #expect(folder.names == ["a.pclip"])
  }

  @Test("What an interrupted run left is removed", arguments: [true, false])
  func whatAnInterruptedRunLeftIsRemoved(nameless: Bool) throws {
    let folder = try TemporaryFolder()
    try Data("half".utf8).write(to: URL(fileURLWithPath: folder.file(".a.pclip-partial")))
    try write(folder) { $0.usesNamelessFile = nameless }
    #expect(folder.names == ["a.pclip"])
  }

  @Test("Two conversions to one name do not mix")
  func twoConversionsToOneNameDoNotMix() throws {
    let folder = try TemporaryFolder()
    var options = WriteOptions(path: folder.file("a.pclip"))
    options.usesNamelessFile = false
    let first = try BundleWriter.write(SmallModels.request(SmallModels.resNet, .fp16), options: options)
    #expect(outputError(folder, name: "a.pclip")?.code == .beingWritten)
    _ = try first.finish(SmallModels.selfTest(SmallModels.resNet))
    #expect(folder.names == ["a.pclip"])
  }

  @Test("Each impossible output has its own error")
  func impossibleOutputsAreToldApart() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: true)
    #expect(outputError(folder, name: "none/a.pclip")?.code == .folderMissing)
    #expect(outputError(folder, name: "sub", replaces: true)?.code == .isFolder)
    for code in OutputError.Code.allCases {
      let problem = OutputError(code, path: "a.pclip", reason: "reason")
      #expect(!problem.hint.isEmpty && !problem.description.contains("\n"))
    }
  }

  @Test("A full disk leaves nothing", arguments: [true, false])
  func aFullDiskLeavesNothing(nameless: Bool) async throws {
    // A limit on file sizes stands for the disk: it holds for a whole process, hence one of its own.
    await #expect(processExitsWith: .success) { [nameless] in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
      guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
      let folder = try TemporaryFolder()
      var options = WriteOptions(path: folder.file("a.pclip"))
      options.usesNamelessFile = nameless
      do throws(BundleWriteError<Never>) {
        _ = try BundleWriter.write(SmallModels.request(SmallModels.resNet, .fp16), options: options)
        exit(3)
      } catch {
        guard case .output(let problem) = error, problem.code == .diskFull else { exit(4) }
        exit(folder.names.isEmpty ? 0 : 5)
      }
    }
  }
}
