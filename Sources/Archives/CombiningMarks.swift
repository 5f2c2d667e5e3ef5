extension Limits {
  /// Rejects text with more combining marks on a letter than any script uses.
  ///
  /// Comparing and hashing a `String` sorts the marks of each letter in quadratic time. Unicode's Stream-Safe Text
  /// Format (UAX #15, section 13) allows 30 marks.
  ///
  /// - Parameter offset: of the text in its file.
  /// - Throws: `limitExceeded`.
  package func requireFewMarks(_ text: String, at offset: UInt64? = nil) throws(ReadError) {
    // Marks begin at U+0300, so their first byte is at least 0xCC.
    guard text.utf8.contains(where: { $0 >= 0xCC }) else { return }
    var run = 0
    for scalar in text.unicodeScalars {
      run = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : run + 1
      guard run <= combiningMarks else {
        throw ReadError(
          .limitExceeded, at: offset, expected: "at most \(combiningMarks) combining marks on one letter",
          found: "more")
      }
    }
  }
}
