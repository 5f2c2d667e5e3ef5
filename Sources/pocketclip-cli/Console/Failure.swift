import Archives
import ArgumentParser

/// Why a command stopped: what is wrong and where, what to do, and the exit status.
struct Failure: Error {
  var status: ExitStatus
  var message: String
  var hint: String
  /// What a terminal shows in place of the message, where that is long.
  var shownLines: [String]?
  /// What a reader reported, where one did.
  var cause: ReadError?
  /// The bytes around the position, where the user requested them.
  var explanation: Explanation?
  /// The command's own object is already on standard output, and reports the failure.
  var followsOutput = false

  init(_ status: ExitStatus, _ message: String, hint: String, cause: ReadError? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
    self.cause = cause
  }

  /// What standard error gets: what is wrong, a line with the hint, and the bytes.
  var lines: [String] {
    let shown = (shownLines ?? [message]).map(\.printable)
    return ["pocketclip: \(shown[0])"] + shown.dropFirst().map { "  \($0)" } + ["  hint: \(hint.printable)"]
      + (explanation?.lines ?? [])
  }

  /// The same, after the command printed its result.
  func followingOutput() -> Failure {
    var failure = self
    failure.followsOutput = true
    return failure
  }

  /// Prints it and ends the command.
  ///
  /// - Parameter json: whether standard output gets it as an object too.
  func report(json: Bool) -> ExitCode {
    if json, !followsOutput { try? JSONOutput.print(FailureOutput(self)) }
    for line in lines { Console.writeLine(line) }
    return status.exitCode
  }
}
