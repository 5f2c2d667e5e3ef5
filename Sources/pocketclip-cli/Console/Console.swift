import Archives
import ArgumentParser
import Foundation
import Progress

/// Writes results to standard output; notes, warnings and progress to standard error.
struct Console: Sendable {
  var isQuiet: Bool
  /// Receives the progress of long work.
  let progress: WorkProgress
  private let display: ProgressDisplay?

  /// - Parameter style: how progress is shown; nil to show none.
  init(isQuiet: Bool, progress style: ProgressDisplay.Style?) {
    self.isQuiet = isQuiet
    let clock = ContinuousClock()
    let started = clock.now
    let display = style.map { style in
      ProgressDisplay(style, clock: { started.duration(to: clock.now) }, width: { Terminal.width }) {
        Self.write($0)
      }
    }
    self.display = display
    progress = display.map { display in WorkProgress { display.show($0) } } ?? .unwatched
  }

  /// A result, in lines of at most 80 columns.
  ///
  /// - Throws: `output` if standard output cannot be written.
  func print(_ line: String) throws(Failure) {
    clearProgress()
    for line in Layout.lines(line.printable) {
      try StandardOutput.write(Data((Highlight.applied(to: line, on: STDOUT_FILENO) + "\n").utf8))
    }
  }

  func print(_ lines: [String]) throws(Failure) {
    for line in lines { try print(line) }
  }

  /// Prints information that is not the result, unless `--quiet` is given.
  func note(_ line: String) {
    if !isQuiet { say(line.printable) }
  }

  /// Prints a warning, even with `--quiet`.
  func warn(_ line: String) { say("warning: \(line.printable)") }

  private func say(_ line: String) {
    clearProgress()
    for line in Layout.lines(line) { Self.writeLine(line) }
  }

  /// Clears the progress line before other output. The next progress draws it again.
  func clearProgress() { display?.clear() }

  /// Writes a line to standard error, in colour on a terminal.
  static func writeLine(_ line: String) { write(Highlight.applied(to: line, on: STDERR_FILENO) + "\n") }

  /// Ignores errors, because they could not be reported either.
  static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}

/// Options of every command.
struct ConsoleOptions: ParsableArguments {
  @Flag(help: "Print one JSON object instead of text; Schemas/ describes it.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print no notes to standard error.")
  var quiet = false

  @Option(
    help: ArgumentHelp(
      "Show progress on standard error. auto: one line, only on a terminal. lines: a new line every 10 s, for logs.",
      valueName: "how"))
  var progress = ProgressMode.auto

  enum ProgressMode: String, ExpressibleByArgument, CaseIterable { case auto, lines, never }

  private var style: ProgressDisplay.Style? {
    switch progress {
    case .auto: !quiet && !json && Terminal.isCapable(STDERR_FILENO) ? .terminal : nil
    case .lines: .lines
    case .never: nil
    }
  }

  /// Runs a command and turns its failure into a message and an exit status.
  func run(_ body: (Console) throws -> Void) throws {
    let console = Console(isQuiet: quiet, progress: style)
    do {
      try body(console)
    } catch let code as ExitCode {
      throw code
    } catch {
      console.clearProgress()
      throw Failure(describing: error).report(json: json)
    }
  }
}
