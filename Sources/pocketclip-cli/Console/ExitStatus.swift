import ArgumentParser

/// The exit statuses. `pocketclip --help` prints this table.
enum ExitStatus: Int32, CaseIterable {
  case answerIsNo = 1
  case someSkipped = 3
  case usage = 64
  case data = 65
  case input = 66
  case unsupported = 69
  case `internal` = 70
  case memory = 71
  case output = 73
  case hungUp = 129
  case interrupted = 130
  case terminated = 143

  var exitCode: ExitCode { ExitCode(rawValue) }

  /// A row of the table.
  var meaning: String {
    switch self {
    case .answerIsNo: "a check failed, or there was too little to compare"
    case .someSkipped: "done, but some items were skipped (with --strict, no output was written)"
    case .usage: "the command line is wrong"
    case .data: "the content of an input is wrong"
    case .input: "an input cannot be opened or read"
    case .unsupported: "an input or option is not supported"
    case .internal: "a bug in pocketclip"
    case .memory: "too little memory, or no thread can be created"
    case .output: "the output cannot be written"
    case .hungUp: "interrupted by SIGHUP"
    case .interrupted: "interrupted by SIGINT (Ctrl-C)"
    case .terminated: "interrupted by SIGTERM"
    }
  }

  /// Every status, for help.
  static var table: String {
    let rows = [(Int32(0), "done")] + allCases.map { ($0.rawValue, $0.meaning) }
    return rows.map { "  \("\($0.0)".padding(to: 3))  \($0.1)" }.joined(separator: "\n")
  }
}
