import BundleFormat
import BundleWriter
import Foundation
import Output
import TestSupport
import Testing

@Suite("Bundles appear complete or not at all") struct AtomicityTests {
  private func outputError(_ folder: TemporaryFolder) -> OutputError? {
    let options = WriteOptions(path: folder.file("a.pclip"))
    do throws(BundleWriteError<Never>) {
      _ = try BundleWriter.write(SmallModels.request(SmallModels.resNet, .fp16), options: options)
      return nil
    } catch {
      if case .output(let problem) = error { return problem }
      return nil
    }
  }

  @Test("An existing file is not changed without --force")
  func anExistingFileIsLeftAloneWithoutForce() throws {
    let folder = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file("a.pclip")))
    #expect(outputError(folder)?.code == .exists)
    #expect(try fileBytes(folder.file("a.pclip")) == Array("mine".utf8))
    #expect(folder.names == ["a.pclip"])
  }

  @Test("A file that appears during writing is not replaced", arguments: [true, false])
  func aFileThatAppearsMeanwhileIsNotReplaced(isUnnamed: Bool) throws {
    let folder = try TemporaryFolder()
    var options = WriteOptions(path: folder.file("a.pclip"))
    options.usesUnnamedFile = isUnnamed
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

  @Test("The output has no name before the end", arguments: [true, false])
  func nothingHasTheNameBeforeTheEnd(isUnnamed: Bool) throws {
    let folder = try TemporaryFolder()
    var options = WriteOptions(path: folder.file("a.pclip"))
    options.usesUnnamedFile = isUnnamed
    let unfinished = try BundleWriter.write(SmallModels.request(SmallModels.resNet, .fp16), options: options)
    #expect(folder.names == (isUnnamed ? [] : [".a.pclip-partial"]))
    _ = try unfinished.finish(SmallModels.selfTest(SmallModels.resNet))
    #expect(folder.names == ["a.pclip"])
  }

  @Test("A full disk leaves nothing", arguments: [true, false])
  func aFullDiskLeavesNothing(isUnnamed: Bool) async throws {
    await #expect(processExitsWith: .success) { [isUnnamed] in
      try limitFileSizes(to: 4096)
      let folder = try TemporaryFolder()
      var options = WriteOptions(path: folder.file("a.pclip"))
      options.usesUnnamedFile = isUnnamed
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
