internal import CVocabulary

/// OpenAI's vocabulary as text: GPT-2's printable substitutes for bytes, `</w>` at the end of a word.
package struct PublishedVocabulary {
  /// By id; start and end of text are last.
  package let tokens: [String]
  /// Left and right token by rank.
  package let merges: [(left: String, right: String)]

  package static let startOfText = "<|startoftext|>"
  package static let endOfText = "<|endoftext|>"
  package static let endOfWord = "</w>"

  package init() {
    let letters = Self.byteLetters
    var tokens = letters + letters.map { $0 + Self.endOfWord }
    var merges: [(left: String, right: String)] = []
    let rows = UnsafeBufferPointer(
      start: cvocabulary_openai_merges(), count: 2 * Int(CVOCABULARY_MERGE_COUNT))
    for row in 0..<rows.count / 2 {
      let (left, right) = (tokens[Int(rows[2 * row])], tokens[Int(rows[2 * row + 1])])
      merges.append((left, right))
      tokens.append(left + right)
    }
    self.tokens = tokens + [Self.startOfText, Self.endOfText]
    self.merges = merges
  }

  /// The letters of ids 0 to 255: first the bytes that are printable in Latin-1, unchanged, then the others as U+0100
  /// and following (`bytes_to_unicode` in OpenAI's `clip/simple_tokenizer.py`).
  private static var byteLetters: [String] {
    let printable: [UInt32] = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    let standIns = 0x100..<0x100 + UInt32(256 - printable.count)
    return (printable + standIns).compactMap { Unicode.Scalar($0).map { String(Character($0)) } }
  }
}
