import CArguments

/// What the user wrote after the command's name.
enum Arguments {
  struct Argument {
    let text: String
    let isUTF8: Bool

    fileprivate init(_ bytes: UnsafePointer<CChar>) {
      isUTF8 = String(validatingCString: bytes) != nil
      text = String(cString: bytes)
    }
  }

  /// From the C library, which has them without /proc. Swift's own are those of /proc, and none where that is not mounted: a
  /// command without arguments prints its help and succeeds.
  static var all: [Argument] {
    guard ca_count() > 0 else {
      return (1..<max(1, Int(CommandLine.argc))).compactMap { index in
        CommandLine.unsafeArgv[index].map { Argument($0) }
      }
    }
    return (1..<max(1, ca_count())).map { Argument(ca_argument($0)) }
  }
}
