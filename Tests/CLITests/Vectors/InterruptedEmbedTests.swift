import Foundation
import TestSupport
import Testing

/// However `embed -o` ends, computed vectors are kept, and no output name ever refers to an incomplete file.
@Suite("Interrupted embed -o") struct InterruptedEmbedTests {
  private static let inputs = [ResumeTests.apple, ResumeTests.clock]
  private let folder: TemporaryFolder
  private let bundle: String
  private let output: String
  private let journal: String

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    output = folder.file("v.safetensors")
    journal = folder.file(".v.safetensors.pclip-partial")
    let outcome = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  private func embed(_ options: String..., to path: String? = nil) throws -> Tool.Outcome {
    try Tool.run(["embed", "-m", bundle, "-o", path ?? output] + options + Self.inputs)
  }

  /// A run that has saved its first vector and waits for the second image on standard input, which receives no data.
  ///
  /// It has one thread, so it saves before it reads, and handles a signal before it continues.
  /// - Returns: the process, and a function that ends its standard input.
  private func waiting(_ options: [String] = []) throws -> (process: Process, goOn: () -> Void) {
    let (process, input, output) = (Process(), Pipe(), Pipe())
    process.executableURL = Tool.executable
    process.arguments =
      ["embed", "-m", bundle, "-o", self.output, "--threads", "1"] + options
      + [Self.inputs[0], "-", Self.inputs[1]]
    (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
    let events = try FolderEvents(folder, IN_MODIFY)
    try process.run()
    try output.fileHandleForWriting.close()
    // Header, row and vector.
    while size(of: journal) <= 512 + 256, events.next(of: output) != nil {}
    try #require(size(of: journal) > 512 + 256)
    return (process, { try? input.fileHandleForWriting.close() })
  }

  private func size(of path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  private func whole() throws -> [Data] {
    let path = folder.file("whole.safetensors")
    #expect(try embed("--force", to: path).status == 0)
    return try VectorPair.bytes(path)
  }

  @Test(
    "A signal saves finished vectors, with or without --resume, and --resume continues",
    arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)], [[], ["--resume"]])
  func signals(_ signal: (number: Int32, status: Int32), _ options: [String]) throws {
    let (process, goOn) = try waiting(options)
    kill(process.processIdentifier, signal.number)
    goOn()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == signal.status)
    #expect(!folder.names.contains("v.safetensors") && size(of: journal) > 512)
    let refused = try embed()
    #expect(refused.status == 73 && refused.error.contains("left 1 vector"), "\(refused.error)")
    let rest = try embed("--resume")
    #expect(rest.status == 0 && rest.error.contains("1 vector kept"), "\(rest.error)")
    #expect(try VectorPair.bytes(output) == whole() && size(of: journal) == 0)
  }

  @Test("A kill loses nothing, and a truncated record does not become a vector", arguments: [0, 1, 300, 700])
  func killed(_ extraByteCount: Int) throws {
    let (process, goOn) = try waiting()
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    goOn()
    // The beginning of a second record: a truncated copy of the first.
    var bytes = try Data(contentsOf: URL(filePath: journal))
    var next = Data("1".utf8) + bytes[513...].prefix(extraByteCount)
    if extraByteCount == 700 { next[600] ^= 1 }
    bytes.append(next.prefix(extraByteCount))
    try bytes.write(to: URL(filePath: journal))
    let rest = try embed("--resume")
    #expect(rest.status == 0 && rest.error.contains("1 vector kept"), "\(rest.error)")
    #expect(try VectorPair.bytes(output) == whole())
  }

  /// A journal with one vector, as after a kill.
  private func leaveJournal() throws -> Data {
    let (process, goOn) = try waiting()
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    goOn()
    return try Data(contentsOf: URL(filePath: journal))
  }

  @Test("A rejected --resume does not change what an interrupted run left")
  func refusedResume() throws {
    let left = try leaveJournal()
    let other = folder.file("n.pclip")
    let converted = try Tool.run(
      "convert", Tool.fixture("minis/mini-vit.pt"), "-o", other, "--no-measure", "--precision", "int8")
    try #require(converted.status == 0, "\(converted.error)")
    let otherBundle = ["embed", "-m", other, "-o", output, "--resume"] + Self.inputs
    for refused in [try embed("--resume", "--raw"), try Tool.run(otherBundle)] {
      #expect(refused.status == 65 && refused.error.contains(journal), "\(refused.error)")
      #expect(try Data(contentsOf: URL(filePath: journal)) == left)
    }
    let names = ["v.safetensors", "v.safetensors.rows.jsonl"].map(folder.file)
    let published = folder.file("w.safetensors")
    #expect(try Tool.run("embed", "-m", bundle, "-o", published, "--text", "other").status == 0)
    for (source, name) in zip([published, published + ".rows.jsonl"], names) {
      try FileManager.default.moveItem(atPath: source, toPath: name)
    }
    let refused = try embed("--resume")
    #expect(refused.status == 65 && refused.error.contains("was replaced since then"), "\(refused.error)")
    #expect(try Data(contentsOf: URL(filePath: journal)) == left)
    for name in names { try FileManager.default.removeItem(atPath: name) }
    let rest = try embed("--resume")
    #expect(rest.status == 0 && rest.error.contains("1 vector kept"), "\(rest.error)")
    #expect(try VectorPair.bytes(output) == whole())
  }

  /// Resumes with an increasing limit of descriptors until it succeeds.
  private func resumeWithDescriptors(_ failed: (Int) throws -> Void) throws -> Tool.Outcome {
    let command = (["embed", "-m", bundle, "-o", output, "--resume"] + Self.inputs).map { "'\($0)'" }
    for count in 3..<64 {
      let outcome = try Tool.runInShell(
        "ulimit -n \(count); exec '\(Tool.executable.path())' \(command.joined(separator: " "))")
      guard outcome.status != 0 else { return outcome }
      try failed(count)
    }
    return try embed("--resume")
  }

  @Test("A --resume with too few descriptors loses no vector of an interrupted run")
  func descriptors() throws {
    let both = try whole()[0].suffix(512)
    let vectors = [both.prefix(256), both.suffix(256)]
    #expect(try leaveJournal().suffix(256) == vectors[0])
    var savedCount = 1
    let rest = try resumeWithDescriptors { count in
      // A run that could not read an image publishes the other vectors.
      let left = [journal, output].compactMap { try? Data(contentsOf: URL(filePath: $0)) }
      let saved = vectors.filter { vector in left.contains { $0.range(of: vector) != nil } }
      #expect(saved.contains(vectors[0]), "\(count)")
      savedCount = saved.count
    }
    let kept = "\(savedCount) vector\(savedCount == 1 ? "" : "s") kept\n"
    #expect(rest.status == 0 && rest.error.contains(kept), "\(rest.error)")
    #expect(try VectorPair.bytes(output) == whole())
  }

  @Test("A --resume with too few descriptors keeps what a crash left between the two renames")
  func descriptorsAfterCrash() throws {
    let new = try whole()
    let (rows, hidden) = (output + ".rows.jsonl", folder.file(".v.safetensors.rows.jsonl.pclip-new"))
    try new[0].write(to: URL(filePath: output))
    try new[1].write(to: URL(filePath: hidden))
    let rest = try resumeWithDescriptors { count in
      let left = [rows, hidden].compactMap { try? Data(contentsOf: URL(filePath: $0)) }
      #expect(left == [new[1]], "\(count)")
    }
    #expect(rest.error.contains("2 vectors kept\n"), "\(rest.error)")
    #expect(try VectorPair.bytes(output) == new)
  }

  @Test("Another file under the journal's name is an error and stays", arguments: [4, 5000])
  func foreignJournal(byteCount: Int) throws {
    let mine = Data(repeating: 0x61, count: byteCount)
    for options in [[], ["--resume"], ["--force"]] {
      try mine.write(to: URL(filePath: journal))
      let outcome = try Tool.run(["embed", "-m", bundle, "-o", output, "--text", "a"] + options)
      #expect(outcome.status == 73 && outcome.error.contains("move it away"), "\(outcome.error)")
      #expect(try Data(contentsOf: URL(filePath: journal)) == mine)
    }
  }

  @Test("An interrupted --force leaves the old output unchanged, and --resume completes the new one")
  func interruptedForce() throws {
    #expect(try Tool.run("embed", "-m", bundle, "-o", output, "--raw", "--text", "old").status == 0)
    let old = try VectorPair.bytes(output)
    let (process, goOn) = try waiting(["--force"])
    kill(process.processIdentifier, SIGINT)
    goOn()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try VectorPair.bytes(output) == old)
    #expect(try embed("--resume").status == 0)
    #expect(try VectorPair.bytes(output) == whole())
  }

  @Test("A second process reports which process holds the output, and changes nothing")
  func locked() throws {
    let (process, goOn) = try waiting()
    for option in ["--resume", "--force"] {
      let second = try embed(option)
      #expect(second.status == 73, "\(second.error)")
      #expect(second.error.contains("process \(process.processIdentifier) on "), "\(second.error)")
    }
    goOn()
    process.waitUntilExit()
    // Standard input had no image; the other images have vectors.
    #expect(process.terminationStatus == 3)
    #expect(try VectorPair.bytes(output) == whole())
  }

  @Test("Concurrent runs report that the output is in use, or add their rows: none is lost")
  func together() throws {
    let images = [ResumeTests.apple, ResumeTests.clock]
    let runs = try (0..<8).map { number in
      try Tool.start(
        ["embed", "-m", bundle, "-o", output, "--resume", "--text", "text \(number)", images[number % 2]])
    }
    var expected: Set<String> = []
    for (number, (process, _, error)) in runs.enumerated() {
      let message = String(decoding: try error.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        #expect(process.terminationStatus == 73 && message.contains("is writing it"), "\(message)")
        continue
      }
      expected.formUnion(["text \(number)", images[number % 2]])
    }
    let inputs = try VectorPair(output).inputs
    #expect(!expected.isEmpty && Set(inputs) == expected && inputs.count == expected.count)
  }

  @Test("A crash between the two renames never leaves a mismatched pair, and the next run completes it")
  func crashed() throws {
    #expect(try Tool.run("embed", "-m", bundle, "-o", output, Self.inputs[0]).status == 0)
    let old = try VectorPair.bytes(output)
    let new = try whole()
    let files = [
      output, output + ".rows.jsonl", folder.file(".v.safetensors.pclip-new"),
      folder.file(".v.safetensors.rows.jsonl.pclip-new"),
    ]
    let nothing = Data()
    // The contents of the four files, and the vectors that a resumed run keeps.
    let states: [(content: [Data], kept: Int)] = [
      ([old[0], old[1], new[0].prefix(300), nothing], 1), ([old[0], old[1], new[0], new[1]], 1),
      ([old[0], nothing, new[0], new[1]], 2), ([new[0], nothing, nothing, new[1]], 2),
      ([nothing, nothing, new[0], new[1]], 2), ([nothing, nothing, new[0], new[1].prefix(700)], 0),
    ]
    for (content, kept) in states {
      for (path, bytes) in zip(files, content) {
        try? FileManager.default.removeItem(atPath: path)
        if !bytes.isEmpty { try bytes.write(to: URL(filePath: path)) }
      }
      let outcome = try embed("--resume")
      #expect(outcome.status == 0 && outcome.error.contains("\(kept) vector"), "\(outcome.error)")
      #expect(try VectorPair.bytes(output) == new)
      #expect(folder.names.allSatisfy { !$0.hasPrefix(".") }, "\(folder.names)")
    }
  }
}
