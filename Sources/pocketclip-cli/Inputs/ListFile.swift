import Archives
import Foundation

/// A file with one entry a line, or standard input under the name `-`. A list of paths may end each with NUL instead, and
/// they may then hold line breaks: `find -print0` writes them so.
enum ListFile {
  /// Words: labels, templates, texts. Without empty ones at the end.
  ///
  /// - Throws: `cannotOpen`; `badData` for what is not UTF-8, or holds NUL.
  static func lines(of path: String) throws(Failure) -> [String] {
    let lines = split(try text(of: path), isLineBreak)
    if let index = lines.firstIndex(where: { $0.contains("\0") }) {
      throw Failure(
        .badData, "\(path), line \(index + 1): a NUL byte", hint: "save the list as text, one entry a line")
    }
    return lines
  }

  /// Paths, without empty ones at the end.
  ///
  /// - Throws: `cannotOpen`; `badData` for what is not UTF-8, or holds NUL but does not end with one.
  static func paths(of path: String) throws(Failure) -> [String] {
    let text = try text(of: path)
    guard text.contains("\0") else { return split(text, isLineBreak) }
    guard text.hasSuffix("\0") else {
      throw Failure(
        .badData, "\(path): a NUL byte in a list that does not end with one",
        hint: "end every path with a line break, or every one with NUL as `find -print0` does")
    }
    return split(text) { $0 == "\0" }
  }

  /// Line breaks of text files, as Python and other tools split them; U+2028 and its like are part of an entry.
  private static func isLineBreak(_ character: Character) -> Bool {
    character == "\n" || character == "\r\n" || character == "\r"
  }

  private static func split(_ text: String, _ isSeparator: (Character) -> Bool) -> [String] {
    var entries = text.split(omittingEmptySubsequences: false, whereSeparator: isSeparator).map(String.init)
    while entries.last?.allSatisfy(\.isWhitespace) == true { entries.removeLast() }
    return entries
  }

  private static func text(of path: String) throws(Failure) -> String {
    guard var text = String(validating: try bytes(of: path), as: UTF8.self) else {
      throw Failure(.badData, "\(path): not UTF-8 text", hint: "save the list as UTF-8, one entry a line")
    }
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    return text
  }

  private static func bytes(of path: String) throws(Failure) -> Data {
    do {
      if path == "-" { return try FileHandle.standardInput.readToEnd() ?? Data() }
      if try Folder.kind(of: path) == .folder {
        throw Failure(.cannotOpen, "\(path): that is a folder", hint: "give a file with one entry a line")
      }
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? file.close() }
      return try file.readToEnd() ?? Data()
    } catch let error as Failure {
      throw error
    } catch let error as ReadError {
      throw Failure(describing: error)
    } catch {
      throw Failure(.cannotOpen, "\(path): cannot be read", hint: "check the path and its permissions")
    }
  }
}
