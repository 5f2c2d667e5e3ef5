import Foundation

/// What standard output and standard error are connected to.
enum Terminal {
  /// Whether a stream is a terminal that moves its cursor and shows colours.
  static func isCapable(_ stream: Int32) -> Bool {
    isatty(stream) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// The current number of columns, which changes with the window.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return standardWidth }
    return Int(size.ws_col)
  }

  static let standardWidth = 80
}
