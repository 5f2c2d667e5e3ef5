import Foundation
import TestSupport

/// The built command line, run like a user runs it.
struct Tool {
  struct Outcome {
    var status: Int32
    var output: String
    /// Standard error, without the line breaks that keep it within 80 columns.
    var error: String { shownError.unwrapped }
    /// Standard error as it was written.
    var shownError: String

    /// Standard output with each run of spaces and line breaks as one space.
    var outputWords: String { output.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    /// The JSON object on standard output.
    func json() throws -> [String: Any] { try jsonObject(Data(output.utf8)) }

    /// The JSON object on each of its lines.
    func lines() throws -> [[String: Any]] { try jsonLines(output) }
  }

  /// Next to the test bundle: SwiftPM builds both into one folder.
  static let executable = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "pocketclip")

  static func fixture(_ path: String) -> String { Fixture.url(path).path() }

  /// - Parameter folder: the working directory.
  /// - Parameter input: the content of standard input.
  static func start(
    _ arguments: [String], environment: [String: String]? = nil, in folder: String? = nil,
    input: Data = Data(), executable: URL = Self.executable
  ) throws -> (Process, Pipe, Pipe) {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.environment = environment
    let output = Pipe()
    let error = Pipe()
    process.standardOutput = output
    process.standardError = error
    let inputPipe = Pipe()
    process.standardInput = inputPipe
    try process.run()
    // A pipe holds 64 KiB. Tests with more input would need a thread.
    precondition(input.count <= 65_536, "too much input for a pipe")
    try inputPipe.fileHandleForWriting.write(contentsOf: input)
    try inputPipe.fileHandleForWriting.close()
    return (process, output, error)
  }

  /// Runs to the end. Standard error is small, so reading one pipe after the other cannot block.
  static func run(
    _ arguments: String..., environment: [String: String]? = nil, in folder: String? = nil,
    input: Data = Data()
  ) throws -> Outcome {
    try run(arguments, environment: environment, in: folder, input: input)
  }

  static func runInShell(_ line: String) throws -> Outcome {
    try run(["-c", line], executable: URL(filePath: "/bin/sh"))
  }

  static func run(
    _ arguments: [String], environment: [String: String]? = nil, in folder: String? = nil,
    input: Data = Data(), executable: URL = Self.executable
  ) throws -> Outcome {
    let (process, output, error) = try start(
      arguments, environment: environment, in: folder, input: input, executable: executable)
    let outputData = try output.fileHandleForReading.readToEnd() ?? Data()
    let errorData = try error.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return Outcome(
      status: status, output: String(decoding: outputData, as: UTF8.self),
      shownError: String(decoding: errorData, as: UTF8.self))
  }
}

extension String {
  /// Joins lines that were broken at 80 columns: the next begins with four spaces, and its first word had no room before.
  fileprivate var unwrapped: String {
    var lines: [(text: String, lastCount: Int)] = []
    for line in split(separator: "\n", omittingEmptySubsequences: false) {
      let word = line.dropFirst(4).prefix { $0 != " " }
      if line.hasPrefix("    "), !word.isEmpty, let last = lines.last, last.lastCount + 1 + word.count > 80 {
        lines[lines.count - 1] = (last.text + " " + line.dropFirst(4), line.count)
      } else {
        lines.append((String(line), line.count))
      }
    }
    return lines.map(\.text).joined(separator: "\n")
  }
}
