/// Text in lines of at most 80 columns, on a terminal and in a pipe alike.
enum Layout {
  static let width = 80

  /// Breaks a line between words. Further lines are indented to the column after the line's label, if it has one
  /// (`  space         1234…`). Text in backticks or quotes and `unbroken` text is never broken.
  static func lines(_ line: String) -> [String] {
    guard line.count > width else { return [line.withSpaces] }
    let indent = String(repeating: " ", count: hangingIndent(of: line))
    var (lines, current) = ([String](), String(line.prefix { $0 == " " }))
    var isEmpty = true
    for (gap, word) in words(of: line) {
      if !isEmpty, current.count + gap.count + word.count > width {
        lines.append(current)
        current = indent + word
      } else {
        current += (isEmpty ? "" : gap) + word
      }
      isEmpty = false
    }
    return (lines + [current]).map(\.withSpaces)
  }

  /// Words with the spaces before each.
  private static func words(of line: String) -> [(gap: String, word: String)] {
    var words: [(gap: String, word: String)] = []
    var rest = line[...]
    while true {
      let gap = rest.prefix { $0 == " " }
      rest = rest[gap.endIndex...]
      guard !rest.isEmpty else { return words }
      let word = rest[..<wordEnd(in: rest)]
      rest = rest[word.endIndex...]
      words.append((String(gap), String(word)))
    }
  }

  private static func wordEnd(in text: Substring) -> String.Index {
    var index = text.startIndex
    while index < text.endIndex, text[index] != " " {
      let character = text[index]
      index = text.index(after: index)
      guard character == "`" || character == "\"" else { continue }
      if let closing = text[index...].firstIndex(of: character) { index = text.index(after: closing) }
    }
    return index
  }

  /// The column after a label and two spaces or more; for lines without one, four columns more than their own indent.
  private static func hangingIndent(of line: String) -> Int {
    let ownIndent = line.prefix { $0 == " " }.count
    let words = words(of: String(line.dropFirst(ownIndent)))
    var column = ownIndent
    for (gap, word) in words {
      column += gap.count
      guard column <= widestLabel else { break }
      if gap.count >= 2 { return column }
      column += word.count
    }
    return ownIndent + 4
  }

  private static let widestLabel = 34
}

extension String {
  /// A private-use character that represents a space at which no line is broken.
  private static let fixedSpace = "\u{10FFFD}"

  /// The same text, which is never broken: a path, a command.
  var unbroken: String {
    replacing(Self.fixedSpace, with: "\\u{10fffd}").replacing(" ", with: Self.fixedSpace)
  }

  fileprivate var withSpaces: String { replacing(Self.fixedSpace, with: " ") }
}
