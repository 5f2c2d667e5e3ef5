/// Why a command stopped: one line that says what and where, one that says what to do, and the exit status.
struct Failure: Error {
  var status: ExitStatus
  var message: String
  var hint: String?
  /// The verb's own object is already on standard output, and tells of the failure.
  var followsOutput = false

  init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
  }

  /// The same, after the verb printed its result.
  func followingOutput() -> Failure {
    var failure = self
    failure.followsOutput = true
    return failure
  }
}
