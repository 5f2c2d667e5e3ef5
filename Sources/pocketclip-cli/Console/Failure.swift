import Archives
import ArgumentParser

/// Why a command stopped: what is wrong and where, what to do, and the exit status.
struct Failure: Error {
  var status: ExitStatus
  var message: String
  var hint: String
  /// Several lines that standard error shows instead of a long message.
  var shownLines: [String]?
  /// The error of a reader, if one caused this.
  var cause: ReadError?
  /// The bytes around the position, if the user requested them.
  var explanation: Explanation?
  /// The command's own object is already on standard output, and reports the failure.
  var followsOutput = false

  init(_ status: ExitStatus, _ message: String, hint: String, cause: ReadError? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
    self.cause = cause
  }

  /// The lines for standard error: what is wrong, the hint, and the bytes.
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
  /// - Parameter json: whether to print it to standard output as an object, too.
  func report(json: Bool) -> ExitCode {
    if json, !followsOutput { try? JSONOutput.print(FailureOutput(self)) }
    for line in lines { Console.writeLine(line) }
    return status.exitCode
  }
}
