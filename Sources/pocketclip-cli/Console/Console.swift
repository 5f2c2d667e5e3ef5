import Archives
import ArgumentParser
import Foundation
import Progress

/// Results go to standard output, talk to standard error.
struct Console: Sendable {
  var isQuiet: Bool
  /// What long work reports to.
  let progress: WorkProgress
  private let display: ProgressDisplay?

  /// - Parameter style: how progress is shown; nil for not at all.
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
  /// - Throws: `output`, where standard output takes no more.
  func print(_ line: String) throws(Failure) {
    clearProgress()
    for line in Layout.lines(line.printable) {
      try StandardOutput.write(Data((Highlight.applied(to: line, on: STDOUT_FILENO) + "\n").utf8))
    }
  }

  func print(_ lines: [String]) throws(Failure) {
    for line in lines { try print(line) }
  }

  /// Something to know that is not the result.
  func note(_ line: String) {
    if !isQuiet { say(line.printable) }
  }

  /// Something to know even when quiet.
  func warn(_ line: String) { say("warning: \(line.printable)") }

  private func say(_ line: String) {
    clearProgress()
    for line in Layout.lines(line) { Self.writeLine(line) }
  }

  /// Makes room for a result; what goes on draws the line of progress again.
  func clearProgress() { display?.clear() }

  /// A line of talk, in colour on a terminal.
  static func writeLine(_ line: String) { write(Highlight.applied(to: line, on: STDERR_FILENO) + "\n") }

  /// Talk that nobody can be told about when it fails.
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
