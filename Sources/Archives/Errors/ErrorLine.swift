private import SystemPath

/// The format of every error: `file: what (expected A, found B) at byte N, in member M, in tensor T; hint`.
package struct ErrorLine {
  package var file: String?
  package var what: String
  package var expected: String?
  package var found: String?
  package var byteOffset: UInt64?
  /// Outermost first, already printable.
  package var places: [String]

  package init(
    file: String?, what: String, expected: String? = nil, found: String? = nil, byteOffset: UInt64? = nil,
    places: [String] = []
  ) {
    self.file = file
    self.what = what
    self.expected = expected
    self.found = found
    self.byteOffset = byteOffset
    self.places = places
  }

  /// The line without the hint.
  package var text: String {
    var line = file.map { $0.printableEnd(of: Self.fileLength) + ": " } ?? ""
    line += what
    if let facts { line += " (" + facts + ")" }
    let place = (byteOffset.map { ["at byte \($0)"] } ?? []) + places.map { "in " + $0 }
    if !place.isEmpty { line += " " + place.joined(separator: ", ") }
    return line
  }

  /// The same for a terminal: where one line would be long, expected and found have lines of their own, and then the place.
  package var lines: [String] {
    guard isLong else { return [text] }
    var short = self
    (short.expected, short.found) = (nil, nil)
    var further = [("expected", expected), ("found", found)].compactMap { name, fact in
      fact.map { "\(name): \($0.printable(Self.factLength))" }
    }
    if short.isLong, !places.isEmpty {
      short.places = []
      further.append(places.map { "in " + $0 }.joined(separator: ", "))
    }
    return [short.text] + further
  }

  private var isLong: Bool { text.unicodeScalars.count > Self.lineLength }

  /// The expected and the found value.
  package var facts: String? {
    let expected = expected.map { "expected " + $0.printable(Self.factLength) }
    let found = found?.printable(Self.factLength)
    switch (expected, found) {
    case (let expected?, let found?): return expected + ", found " + found
    case (let expected?, nil): return expected
    case (nil, let found): return found
    }
  }

  /// The complete line.
  package static func join(_ text: String, hint: String?) -> String {
    text + (hint.map { "; " + $0 } ?? "")
  }

  /// The most characters of a path (its end), of an expected or found value, and of a name.
  private static let fileLength = 160
  /// Characters that a line may have before it is cut into several; 160 with the tool's name before it.
  package static let lineLength = 148
  private static let factLength = 160
  package static let nameLength = 80
}

extension String {
  /// Text from a file, made safe to print on one line: characters that break the line, control a terminal or reorder
  /// text are escaped.
  package var printable: String {
    // A shortcut: most text is printable ASCII, and some of it is long.
    if utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return self }
    return unicodeScalars.map(\.printable).joined()
  }

  /// The same, truncated after `length` characters.
  package func printable(_ length: Int) -> String {
    let (pieces, isCut) = unicodeScalars.printablePieces(length)
    return pieces.joined() + (isCut ? "…" : "")
  }

  /// The last `length` characters. For a path, they identify the file.
  package func printableEnd(of length: Int) -> String {
    let (pieces, isCut) = unicodeScalars.reversed().printablePieces(length)
    return (isCut ? "…" : "") + pieces.reversed().joined()
  }
}

extension Sequence<Unicode.Scalar> {
  /// The printed form of each scalar, for at most `length` characters, and whether any are omitted.
  fileprivate func printablePieces(_ length: Int) -> ([String], isCut: Bool) {
    var pieces: [String] = []
    var room = length
    for scalar in self {
      let piece = scalar.printable
      room -= piece.unicodeScalars.count
      guard room >= 0 else { return (pieces, true) }
      pieces.append(piece)
    }
    return (pieces, false)
  }
}

extension Unicode.Scalar {
  /// Whether the scalar neither breaks the line, nor controls a terminal, nor reorders text.
  package var isPrintable: Bool {
    let isLineBreak = value == 0x2028 || value == 0x2029
    let isControl = value < 0x20 || (0x7F...0x9F).contains(value)
    let reorders = (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
    return !isControl && !isLineBreak && !reorders
  }

  fileprivate var printable: String {
    // A byte of a file name, as a shell writes it.
    if let byte = SystemPath.byte(of: self) { return "\\x" + String(byte, radix: 16) }
    return isPrintable ? String(self) : "\\u{" + String(value, radix: 16) + "}"
  }
}

/// `1 image`, `2 images`.
package func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
