import Foundation
import Input
import SystemPath

/// A file with one entry per line, or standard input under the name `-`. Paths may end with NUL instead, as from
/// `find -print0`; they may then contain line breaks.
enum ListFile {
  /// The most bytes of a list: millions of paths.
  private static let limit = 256 << 20
  /// Memory for entries of one letter: 16 bytes each in two arrays, and as much again while the arrays grow.
  private static let memoryPerByte = 32

  /// Words: labels, templates, texts. Without empty ones at the end.
  ///
  /// - Throws: `input`; `data` for a list that is not UTF-8 or contains NUL.
  static func lines(of path: String) throws(Failure) -> [String] {
    var words: [String] = []
    for line in lines(in: try content(of: path)) {
      let place = "\(path), line \(words.count + 1)"
      guard let word = String(validating: line, as: UTF8.self) else {
        throw Failure(.data, "\(place): not UTF-8 text", hint: "save the list as UTF-8, one entry a line")
      }
      guard !line.contains(0) else {
        throw Failure(.data, "\(place): a NUL byte", hint: "save the list as text, one entry a line")
      }
      words.append(word)
    }
    return withoutEmptyEnd(words)
  }

  /// Paths, without empty ones at the end: any bytes, or their encoding in PocketCLIP's own output.
  ///
  /// - Throws: `input`; `data` for a list that contains NUL but does not end with it.
  static func paths(of path: String) throws(Failure) -> [String] {
    let content = try content(of: path)
    guard content.contains(0) else { return withoutEmptyEnd(lines(in: content).map(pathText)) }
    guard content.last == 0 else {
      throw Failure(
        .data, "\(path): a NUL byte in a list that does not end with one",
        hint: "end every path with a line break, or every one with NUL as `find -print0` does")
    }
    return withoutEmptyEnd(content.split(separator: 0, omittingEmptySubsequences: false).map(pathText))
  }

  private static func pathText(_ bytes: Data.SubSequence) -> String {
    String(validating: bytes, as: UTF8.self) ?? SystemPath.text(bytes)
  }

  /// Splits at LF, CR LF or CR, as Python and other tools split text files. U+2028 and similar characters are part of an
  /// entry.
  private static func lines(in content: Data) -> [Data.SubSequence] {
    let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    var lines: [Data.SubSequence] = []
    var start = content.startIndex
    while let end = content[start...].firstIndex(where: { $0 == lineFeed || $0 == carriageReturn }) {
      lines.append(content[start..<end])
      start = end + 1
      if content[end] == carriageReturn, start < content.endIndex, content[start] == lineFeed { start += 1 }
    }
    return lines + [content[start...]]
  }

  private static func withoutEmptyEnd(_ entries: [String]) -> [String] {
    var entries = entries
    while entries.last?.allSatisfy(\.isWhitespace) == true { entries.removeLast() }
    return entries
  }

  /// Removes the byte order mark that some editors write before UTF-8.
  private static func content(of path: String) throws(Failure) -> Data {
    let bytes: Data
    do throws(InputError) {
      bytes = try InputFile.bytes(of: path, limit: limit)
    } catch {
      throw Failure(
        error.code == .noMemory ? .memory : .input, "\(path): \(error.reason)",
        hint: error.code == .folder ? "give a file with one entry a line" : error.hint)
    }
    guard MemoryProbe.hasRoom(for: memoryPerByte * bytes.count) else {
      let error = InputError(.noMemory, reason: "no memory for a list of \(bytes.count) bytes")
      throw Failure(.memory, "\(path): \(error.reason)", hint: error.hint)
    }
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
  }
}
