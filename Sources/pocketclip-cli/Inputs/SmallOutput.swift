import Archives
import Output

/// A file that is written at once, beside a command's main output.
struct SmallOutput {
  let path: String
  let replacesExisting: Bool

  /// Finds what would stop `write`, before a computation that takes minutes.
  ///
  /// - Parameters:
  ///   - option: which names the file.
  ///   - example: a name that would do.
  ///   - sources: files that are read and must not be replaced.
  func check(option: String, example: String, sources: [String]) throws(Failure) {
    guard !["", "-"].contains(path) else {
      throw Failure(
        .usage, "\(option) \(path): not a file's name", hint: "give a name such as \(example)")
    }
    do throws(OutputError) {
      try OutputFile.checkDestination(path, replacesExisting: replacesExisting, sources: sources)
    } catch { throw Failure(error) }
  }

  /// The file appears whole or not at all.
  func write(_ bytes: [UInt8]) throws(Failure) {
    do throws(OutputError) {
      let file = try OutputFile(path: path, replacesExisting: replacesExisting)
      try file.region.write(bytes.span.bytes, at: 0)
      try file.publish()
    } catch { throw Failure(error) }
  }
}
