import ArgumentParser
import Foundation

/// Results go to standard output, talk to standard error.
struct Console: Sendable {
  var isQuiet: Bool
  var showsProgress: Bool

  static let isErrorTerminal = isatty(STDERR_FILENO) == 1

  /// A result.
  func print(_ line: String = "") { Self.write(line + "\n", to: .standardOutput) }

  /// Something to know that is not the result.
  func note(_ line: String) {
    if !isQuiet { Self.write(line + "\n", to: .standardError) }
  }

  /// Something to know even when quiet.
  func warn(_ line: String) { Self.write("warning: \(line)\n", to: .standardError) }

  /// Overwrites the progress line of a terminal; `nil` clears it.
  func progress(_ text: String?) {
    guard showsProgress else { return }
    Self.write("\r\u{1B}[K" + (text ?? ""), to: .standardError)
  }

  static func write(_ text: String, to handle: FileHandle) { try? handle.write(contentsOf: Data(text.utf8)) }
}

/// Options of every verb.
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

  /// Runs a verb and turns its failure into a message and an exit status.
  func run(_ body: (Console) throws -> Void) throws {
    let console = console
    do {
      try body(console)
    } catch let code as ExitCode {
      throw code
    } catch {
      console.progress(nil)
      let failure = Failure(describing: error)
      if json, !failure.followsOutput { try? JSONOutput.print(FailureOutput(failure)) }
      Console.write("pocketclip: \(failure.message)\n", to: .standardError)
      if let hint = failure.hint { Console.write("  hint: \(hint)\n", to: .standardError) }
      throw failure.status.exitCode
    }
  }
}
