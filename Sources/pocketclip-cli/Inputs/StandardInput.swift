/// Standard input can be read only once.
enum StandardInput {
  private static let names: Set = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]

  /// - Parameter inputs: the paths that options name, each with its option.
  /// - Throws: a usage error if two of them are standard input.
  static func requireOnce(_ inputs: [(option: String, path: String?)]) throws(Failure) {
    let users = inputs.filter { names.contains($0.path ?? "") }.map(\.option)
    guard users.count > 1 else { return }
    throw Failure(
      .usage,
      "standard input is named \(users.count) times, by \(users.listed("and")), but can be read only once",
      hint: "put all but one of them into files")
  }
}

extension ImageOptions {
  /// For `StandardInput.requireOnce`.
  var inputs: [(option: String, path: String?)] {
    paths.map { ("an image", $0) } + [("--images", list)]
  }
}
