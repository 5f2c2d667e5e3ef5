import CProcess
import SystemPath

/// The arguments after the program's name, as text. Bytes that are not UTF-8 are encoded as in paths.
enum Arguments {
  /// From the C library. Swift reads them from /proc and gets none if it is not mounted; a command without arguments would
  /// then print its help and succeed.
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

  /// Rejects a text that is not UTF-8, because its vector would be that of another text.
  ///
  /// - Parameter kind: `label`, `text` or `template`.
  static func requireUTF8(_ words: [String], _ kind: String) throws(Failure) {
    guard let word = words.first(where: SystemPath.isEscaped) else { return }
    throw Failure(.usage, "the \(kind) \"\(word)\" is not UTF-8", hint: "write it as UTF-8")
  }
}
