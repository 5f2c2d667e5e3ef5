import Archives
import Foundation

/// A file with one entry a line, or standard input under the name `-`. Where the file has a NUL, entries end with NUL
/// and may hold line breaks, as `find -print0` writes them.
enum ListFile {
  /// The entries without empty ones at the end.
  ///
  /// - Throws: `cannotOpen`; `badData` for what is not UTF-8.
  static func entries(of path: String) throws(Failure) -> [String] {
    guard var text = String(validating: try bytes(of: path), as: UTF8.self) else {
      throw Failure(.badData, "\(path): not UTF-8 text", hint: "save the list as UTF-8, one entry a line")
    }
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    let isNulSeparated = text.contains("\0")
    var entries = text.split(omittingEmptySubsequences: false) {
      isNulSeparated ? $0 == "\0" : $0.isNewline
    }.map(String.init)
    while entries.last?.allSatisfy(\.isWhitespace) == true { entries.removeLast() }
    return entries
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
