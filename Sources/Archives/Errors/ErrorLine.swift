private import SystemPath

/// The one shape of an error: `file: what (expected A, found B) at byte N, in member M, in tensor T; hint`.
package struct ErrorLine {
  package var file: String?
  package var what: String
  package var expected: String?
  package var found: String?
  package var byteOffset: UInt64?
  /// Outermost first; printable already.
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

  /// Everything but the hint.
  package var text: String {
    var line = file.map { $0.printableEnd(of: Self.fileLength) + ": " } ?? ""
    line += what
    if let facts { line += " (" + facts + ")" }
    let place = (byteOffset.map { ["at byte \($0)"] } ?? []) + places.map { "in " + $0 }
    if !place.isEmpty { line += " " + place.joined(separator: ", ") }
    return line
  }

  /// What was expected and what was found.
  package var facts: String? {
    let expected = expected.map { "expected " + $0.printable(Self.factLength) }
    let found = found?.printable(Self.factLength)
    switch (expected, found) {
    case (let expected?, let found?): return expected + ", found " + found
    case (let expected?, nil): return expected
    case (nil, let found): return found
    }
  }

  /// The whole line.
  package static func join(_ text: String, hint: String?) -> String {
    text + (hint.map { "; " + $0 } ?? "")
  }

  /// Characters of a path (its end), of what was expected or found, and of a name, that a line has room for.
  private static let fileLength = 160
  private static let factLength = 160
  package static let nameLength = 80
}

extension String {
  /// Text from a file made safe to print on one line: what would break the line, steer a terminal or reorder other
  /// text is escaped.
  package var printable: String {
    // Most text is, and some of it long.
    if utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return self }
    return unicodeScalars.map(\.printable).joined()
  }

  /// The same, cut after `length` characters.
  package func printable(_ length: Int) -> String {
    let (pieces, isCut) = unicodeScalars.printablePieces(length)
    return pieces.joined() + (isCut ? "…" : "")
  }

  /// The last `length` characters: of a path, they tell the file.
  func printableEnd(of length: Int) -> String {
    let (pieces, isCut) = unicodeScalars.reversed().printablePieces(length)
    return (isCut ? "…" : "") + pieces.reversed().joined()
  }
}

extension Sequence<Unicode.Scalar> {
  /// Each scalar as it is shown, as many as `length` characters have room for, and whether any are left out.
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
  /// Neither breaks the line, nor steers a terminal, nor reorders other text.
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
