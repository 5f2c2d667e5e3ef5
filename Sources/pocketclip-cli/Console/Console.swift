import Archives
import ArgumentParser
import Foundation

/// Results go to standard output, talk to standard error.
struct Console: Sendable {
  var isQuiet: Bool
  var showsProgress: Bool

  static let isErrorTerminal = isatty(STDERR_FILENO) == 1

  /// A result, on one line whatever names from a file it holds.
  ///
  /// - Throws: `output`, where standard output takes no more.
  func print(_ line: String) throws(Failure) {
    try StandardOutput.write(Data((line.printable + "\n").utf8))
  }

  func print(_ lines: [String]) throws(Failure) {
    for line in lines { try print(line) }
  }

  /// Something to know that is not the result.
  func note(_ line: String) {
    if !isQuiet { Self.write(line.printable + "\n") }
  }

  /// Something to know even when quiet.
  func warn(_ line: String) { Self.write("warning: \(line.printable)\n") }

  /// Overwrites the progress line of a terminal; `nil` clears it.
  func progress(_ text: String?) {
    guard showsProgress else { return }
    Self.write("\r\u{1B}[K" + (text ?? ""))
  }

  /// Talk that nobody can be told about when it fails.
  static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}

/// Options of every command.
struct ConsoleOptions: ParsableArguments {
  @Flag(help: "Print one JSON object (its schema is in Schemas/) instead of text.")
  var json = false

  @Flag(name: .shortAndLong, help: "No notes on standard error.")
  var quiet = false

  @Option(help: ArgumentHelp("When to show progress: auto (only on a terminal) or never.", valueName: "when"))
  var progress = ProgressMode.auto

  enum ProgressMode: String, ExpressibleByArgument, CaseIterable { case auto, never }

  var console: Console {
    Console(
      isQuiet: quiet, showsProgress: progress == .auto && !quiet && !json && Console.isErrorTerminal)
  }

  /// Runs a command and turns its failure into a message and an exit status.
  func run(_ body: (Console) throws -> Void) throws {
    let console = console
    do {
      try body(console)
    } catch let code as ExitCode {
      throw code
    } catch {
      console.progress(nil)
      throw Failure(describing: error).report(json: json)
    }
  }
}
