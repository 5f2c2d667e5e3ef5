import Foundation

/// Writes results. A result that cannot be written is an error.
enum StandardOutput {
  /// Writes without a buffer, so that the reader of a pipe gets each result at once.
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
