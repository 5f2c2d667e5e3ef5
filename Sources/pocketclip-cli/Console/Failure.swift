import Archives

/// Why a command stopped: one line that says what, where and what to do, and the exit status.
struct Failure: Error {
  var status: ExitStatus
  var message: String
  var hint: String?
  /// What a reader reported, where one did.
  var cause: ReadError?
  /// The bytes around the place, where they were asked for.
  var explanation: Explanation?
  /// The command's own object is already on standard output, and tells of the failure.
  var followsOutput = false

  init(_ status: ExitStatus, _ message: String, hint: String? = nil, cause: ReadError? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
    self.cause = cause
  }

  /// What the shell sees: one line.
  var line: String { ErrorLine.join(message, hint: hint) }

  /// The same, after the command printed its result.
  func followingOutput() -> Failure {
    var failure = self
    failure.followsOutput = true
    return failure
  }
}
