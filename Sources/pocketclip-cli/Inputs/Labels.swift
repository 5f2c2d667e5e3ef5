import Foundation

/// The classes to choose from: given one by one, or one a line in a file.
enum Labels {
  static func read(listed: [String], file: String?) throws(Failure) -> [String] {
    let labels = listed + (try file.map(lines(of:)) ?? [])
    guard !labels.isEmpty else {
      throw Failure(
        .badData, "no labels", hint: "give --label several times, or --labels FILE with one a line")
    }
    for (index, label) in labels.enumerated() where label.allSatisfy(\.isWhitespace) {
      throw Failure(.badData, "label \(index + 1) is empty", hint: "remove the empty line or label")
    }
    return labels
  }

  private static func lines(of path: String) throws(Failure) -> [String] {
    do {
      let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
      var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
      if lines.last == "" { lines.removeLast() }
      return lines
    } catch {
      throw Failure(
        .cannotOpen, "\(path): the labels cannot be read as UTF-8 text",
        hint: "check the path and the encoding")
    }
  }
}
