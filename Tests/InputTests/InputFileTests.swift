import Foundation
import Input
import TestSupport
import Testing

@Suite("Files that are read completely") struct InputFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Why a file cannot be read, or nil.
  private func refusal(_ path: String, limit: Int = 1 << 20) -> InputError? {
    do throws(InputError) {
      _ = try InputFile.bytes(of: path, limit: limit)
      return nil
    } catch { return error }
  }

  @Test("A file is read up to the limit and no further")
  func limit() throws {
    let bytes = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0) })
    let path = try folder.write(bytes, to: "a")
    #expect(try InputFile.bytes(of: path, limit: bytes.count) == bytes)
    #expect(refusal(path, limit: bytes.count - 1)?.code == .tooLarge)
    #expect(try InputFile.bytes(of: try folder.write(Data(), to: "b"), limit: 0).isEmpty)
  }

  @Test("Of an unwanted file, only the beginning is read")
  func unwanted() throws {
    let path = try folder.write(Data(repeating: 7, count: 1 << 20), to: "a")
    #expect(try InputFile.bytes(of: path, limit: 1 << 30) { _ in false }.count == 1 << 16)
  }

  @Test("Devices, pipes, sockets and folders are errors before they are opened")
  func endless() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in ["/dev/zero", "/dev/tty", pipe] { #expect(refusal(path)?.code == .notAFile) }
    #expect(try InputFile.bytes(of: "/dev/null", limit: 1).isEmpty)
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: "/dev/zero")
    #expect(refusal(folder.file("link"))?.code == .notAFile)
    #expect(refusal(folder.path)?.code == .folder)
    #expect(refusal(folder.file("none"))?.code == .missing)
  }

  @Test("A descriptor of this process is read up to the limit, for any kind of file")
  func descriptors() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("abc".utf8))
    try pipe.fileHandleForWriting.close()
    let number = pipe.fileHandleForReading.fileDescriptor
    #expect(try InputFile.bytes(of: "/dev/fd/\(number)", limit: 3) == Data("abc".utf8))
    let zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC)
    defer { close(zeros) }
    #expect(refusal("/dev/fd/\(zeros)")?.code == .tooLarge)
  }

  @Test("Every error has a line and advice")
  func advice() {
    for code in InputError.Code.allCases { #expect(!InputError(code, reason: "x").hint.isEmpty) }
  }

  @Test("Memory larger than the address space is never reported as available")
  func probe() {
    #expect(MemoryProbe.hasRoom(for: 1 << 20))
    #expect(!MemoryProbe.hasRoom(for: .max) && !MemoryProbe.hasRoom(for: 1 << 50))
  }
}
