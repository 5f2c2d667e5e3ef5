import CProcess
import SystemPath

/// What the user wrote after the command's name, as text: of bytes that are not UTF-8, what stands for them in paths.
enum Arguments {
  /// From the C library, which has them without /proc. Swift's own are those of /proc, and none where that is not mounted: a
  /// command without arguments prints its help and succeeds.
  static var all: [String] {
    guard cp_argument_count() > 0 else {
      return (1..<max(1, Int(CommandLine.argc))).compactMap { index in
        CommandLine.unsafeArgv[index].map { text($0) }
      }
    }
    return (1..<max(1, cp_argument_count())).map { text(cp_argument($0)) }
  }

  private static func text(_ bytes: UnsafePointer<CChar>) -> String {
    String(validatingCString: bytes) ?? SystemPath.text(bytes)
  }

  /// Refuses a text of the user's that was not UTF-8: its vector would be that of another text.
  ///
  /// - Parameter kind: `label`, `text` or `template`.
  static func requireUTF8(_ words: [String], _ kind: String) throws(Failure) {
    guard let word = words.first(where: SystemPath.isEscaped) else { return }
    throw Failure(.usage, "the \(kind) \"\(word)\" is not UTF-8", hint: "write it as UTF-8")
  }
}
