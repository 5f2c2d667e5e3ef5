import Foundation
import Input

/// A file with one entry a line, or standard input under the name `-`. A list of paths may end each with NUL instead, and
/// they may then hold line breaks: `find -print0` writes them so.
enum ListFile {
  /// The most bytes of a list: millions of paths.
  private static let limit = 256 << 20
  /// What entries of one letter take: 16 bytes each in two arrays, and as much again while these grow.
  private static let memoryPerByte = 32

  /// Words: labels, templates, texts. Without empty ones at the end.
  ///
  /// - Throws: `cannotOpen`; `badData` for what is not UTF-8, or holds NUL.
  static func lines(of path: String) throws(Failure) -> [String] {
    let lines = try entries(of: try content(of: path), path)
    if let index = lines.firstIndex(where: { $0.utf8.contains(0) }) {
      throw Failure(
        .badData, "\(path), line \(index + 1): a NUL byte", hint: "save the list as text, one entry a line")
    }
    return lines
  }

  /// Paths, without empty ones at the end.
  ///
  /// - Throws: `cannotOpen`; `badData` for what is not UTF-8, or holds NUL but does not end with one.
  static func paths(of path: String) throws(Failure) -> [String] {
    let content = try content(of: path)
    guard content.contains(0) else { return try entries(of: content, path) }
    guard content.last == 0 else {
      throw Failure(
        .badData, "\(path): a NUL byte in a list that does not end with one",
        hint: "end every path with a line break, or every one with NUL as `find -print0` does")
    }
    return try entries(content.split(separator: 0, omittingEmptySubsequences: false), path)
  }

  /// What stands between line breaks, as Python and other tools split text files: LF, CR LF or CR. U+2028 and its like are
  /// part of an entry.
  private static func entries(of content: Data, _ path: String) throws(Failure) -> [String] {
    let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    var lines: [Data.SubSequence] = []
    var start = content.startIndex
    while let end = content[start...].firstIndex(where: { $0 == lineFeed || $0 == carriageReturn }) {
      lines.append(content[start..<end])
      start = end + 1
      if content[end] == carriageReturn, start < content.endIndex, content[start] == lineFeed { start += 1 }
    }
    return try entries(lines + [content[start...]], path)
  }

  private static func entries(_ parts: [Data.SubSequence], _ path: String) throws(Failure) -> [String] {
    var entries: [String] = []
    for part in parts {
      guard let entry = String(validating: part, as: UTF8.self) else {
        throw Failure(
          .badData, "\(path), entry \(entries.count + 1): not UTF-8 text",
          hint: "save the list as UTF-8, one entry a line")
      }
      entries.append(entry)
    }
    while entries.last?.allSatisfy(\.isWhitespace) == true { entries.removeLast() }
    return entries
  }

  /// Without the mark that some editors begin UTF-8 with.
  private static func content(of path: String) throws(Failure) -> Data {
    let bytes: Data
    do throws(InputError) {
      bytes = try InputFile.bytes(of: path, limit: limit)
    } catch {
      throw Failure(
        .cannotOpen, "\(path): \(error.reason)",
        hint: error.code == .folder ? "give a file with one entry a line" : error.hint)
    }
    guard MemoryProbe.hasRoom(for: memoryPerByte * bytes.count) else {
      let error = InputError(.noMemory, reason: "no memory for a list of \(bytes.count) bytes")
      throw Failure(.cannotOpen, "\(path): \(error.reason)", hint: error.hint)
    }
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
  }
}
