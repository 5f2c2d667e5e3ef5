import ArgumentParser

/// What the shell sees.
enum ExitStatus: Int32, CaseIterable {
  /// The command ran and its answer is no.
  case verificationFailed = 1
  /// Also ArgumentParser's own.
  case usage = 64
  case badData = 65
  case cannotOpen = 66
  case unsupported = 69
  case `internal` = 70
  case cannotCreate = 73
  /// SIGHUP, SIGINT and SIGTERM: 128 and the signal's number.
  case hungUp = 129
  case interrupted = 130
  case terminated = 143

  var exitCode: ExitCode { ExitCode(rawValue) }
}
