import Foundation
import Testing

/// A terminal that a command believes to run in.
struct PseudoTerminal {
  /// TIOCSPTLCK and TIOCGPTN of Linux, which Swift's headers leave out with `posix_openpt` and its like.
  private static let unlocking: UInt = 0x4004_5431
  private static let numbering: UInt = 0x8004_5430

  /// Runs the tool in a terminal.
  ///
  /// - Returns: its status, and all that the terminal was sent, with LF as it was written.
  static func run(
    _ arguments: [String], columns: UInt16 = 80, environment: [String: String] = ["TERM": "xterm"]
  ) throws -> (status: Int32, text: String) {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(master >= 0)
    defer { close(master) }
    var (locked, number) = (Int32(0), UInt32(0))
    try #require(
      ioctl(master, Self.unlocking, &locked) == 0 && ioctl(master, Self.numbering, &number) == 0)
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(slave >= 0)
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(slave, UInt(TIOCSWINSZ), &size) == 0)
    let process = Process()
    process.executableURL = Tool.executable
    process.arguments = arguments
    process.environment = environment
    let handle = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    close(slave)
    let text = readAll(master)
    process.waitUntilExit()
    return (process.terminationStatus, text.replacing("\r\n", with: "\n"))
  }

  /// A terminal whose last writer has gone reports an error, not an end.
  private static func readAll(_ master: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(master, &buffer, buffer.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}
