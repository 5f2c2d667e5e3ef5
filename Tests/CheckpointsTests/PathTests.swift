import Archives
import Checkpoints
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Paths that cannot be opened")
struct PathTests {
  /// Codes that depend on the system and not on content, caused here instead of by fixtures.
  static let codes: Set<ReadError.Code> = [
    .fileNotFound, .permissionDenied, .notARegularFile, .ioFailure, .noAddressSpace,
    .notInHubCache,
  ]

  private func code(opening path: String) throws -> ReadError.Code {
    let error = try #require(throws: ReadError.self) { _ = try Checkpoint.open(path) }
    #expect(error.file == path && error.category == .cannotOpen)
    return error.code
  }

  @Test("a path that does not exist is reported")
  func missing() throws {
    #expect(try code(opening: "/nonexistent/ViT-B-32.pt") == .fileNotFound)
  }

  @Test("a name that the local Hugging Face cache does not have is distinguished from a path")
  func modelName() throws {
    #expect(try code(opening: "example/nothing-of-this-name") == .notInHubCache)
    #expect(try code(opening: "./example/nothing-of-this-name") == .fileNotFound)
    #expect(try code(opening: "../nothing-of-this-name") == .fileNotFound)
  }

  @Test("a device is an error, not read")
  func device() throws {
    #expect(try code(opening: "/dev/zero") == .notARegularFile)
  }

  @Test("a pipe is an error, without waiting for a writer")
  func pipe() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("pipe")
    try #require(mkfifo(path, 0o600) == 0)
    #expect(try code(opening: path) == .notARegularFile)
  }

  @Test("circular links are an input error")
  func linkCircle() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("circle")
    try #require(symlink(path, path) == 0)
    #expect(try code(opening: path) == .ioFailure)
  }

  @Test("a file without permission is reported as such")
  func permission() async {
    // In a separate process, which gives up root's right to read everything.
    await #expect(processExitsWith: .success) {
      let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)").path
      try Data("weights".utf8).write(to: URL(filePath: path))
      chmod(path, 0)
      if geteuid() == 0 { seteuid(65534) }
      let error = try #require(throws: ReadError.self) { _ = try Checkpoint.open(path) }
      seteuid(getuid())
      unlink(path)
      exit(error.code == .permissionDenied ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test("a file larger than the remaining address space is reported as such")
  func addressSpace() async {
    // In a separate process, because its limit is permanent.
    await #expect(processExitsWith: .success) {
      let path = FileManager.default.temporaryDirectory.appending(path: "sparse-\(UUID().uuidString)").path
      try Data().write(to: URL(filePath: path))
      truncate(path, 1 << 40)
      var limit = rlimit(rlim_cur: 1 << 39, rlim_max: 1 << 39)
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      let error = try #require(throws: ReadError.self) { _ = try Checkpoint.open(path) }
      unlink(path)
      exit(error.code == .noAddressSpace ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }
}
