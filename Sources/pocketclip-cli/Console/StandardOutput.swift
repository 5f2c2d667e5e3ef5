import Foundation

/// Where results go. A result that cannot be written is a failure, not something to pass over.
enum StandardOutput {
  /// Writes at once, so that a reader of the pipe has each result as soon as it is there.
  static func write(_ bytes: Data) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw Failure(
          .output, "standard output cannot be written: \(String(cString: strerror(errno)))",
          hint: "free some space, or send the output elsewhere")
      }
      rest = rest.dropFirst(count)
    }
  }
}
