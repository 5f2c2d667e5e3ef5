/// Labels or texts: an empty one is a slip, and its vector means nothing.
enum Words {
  /// - Parameter kind: `label` or `text`.
  static func refusingEmpty(
    _ kind: String, listed: [String], fromFile: [String], _ file: String?
  ) throws(Failure) -> [String] {
    if let index = listed.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw Failure(
        .usage, "\(kind) \(index + 1) is empty", hint: "leave it out, or write what it stands for")
    }
    if let file, let index = fromFile.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw Failure(
        .badData, "\(file), line \(index + 1): the \(kind) is empty", hint: "remove the empty line")
    }
    return listed + fromFile
  }
}
