/// Checks labels or texts. An empty one is a mistake, and its vector is meaningless.
enum Words {
  /// - Parameter kind: `label` or `text`.
  /// - Throws: `usage` or `data` for an empty word, and for a file without any.
  static func refusingEmpty(
    _ kind: String, listed: [String], fromFile: [String], _ file: String?
  ) throws(Failure) -> [String] {
    try Arguments.requireUTF8(listed, kind)
    if let index = listed.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw Failure(
        .usage, "\(kind) \(index + 1) is empty", hint: "leave it out, or write what it stands for")
    }
    if let file, fromFile.isEmpty {
      throw Failure(.data, "\(file): no \(kind)s", hint: "write one \(kind) a line")
    }
    if let file, let index = fromFile.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw Failure(
        .data, "\(file), line \(index + 1): the \(kind) is empty", hint: "remove the empty line")
    }
    return listed + fromFile
  }
}
