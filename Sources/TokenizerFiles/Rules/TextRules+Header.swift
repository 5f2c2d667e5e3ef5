internal import Tokenizer

extension TextRules {
  /// The fields of a table that come from the rules.
  ///
  /// - Parameter id: the id of a token of the file.
  /// - Throws: `badRule`.
  func header(vocabulary: Int, _ id: (String) -> Int?) throws(TokenizerFileError) -> TableHeader {
    var header = TableHeader()
    header.vocabulary = UInt32(vocabulary)
    header.cleans = cleans
    header.letterCase = letterCase
    header.punctuation = punctuation
    header.deletesAfterLowerCasing = deletesAfterLowerCasing
    header.collapsesWhitespace = collapsesWhitespace
    header.beginID = try checked(beginID, "begin of text", vocabulary)
    header.endID = try checked(endID, "end of text", vocabulary)
    header.padID = try checked(padID, "padding", vocabulary)
    if let length {
      guard padID != nil, (1...1 << 16).contains(length) else {
        throw TokenizerFileError(
          .badRule, expected: "a length of 1 to 65536 and a padding id", found: "length \(length)")
      }
      header.length = UInt32(length)
    }
    return header
  }

  private func checked(_ id: Int?, _ name: String, _ vocabulary: Int) throws(TokenizerFileError) -> UInt32 {
    guard let id else { return TableHeader.noID }
    guard (0..<vocabulary).contains(id) else {
      throw TokenizerFileError(
        .badRule, item: name, expected: "an id below \(vocabulary)", found: "\(id)")
    }
    return UInt32(id)
  }

  /// The keys of the tokens that are recognised in texts.
  func typedKeys(_ id: (String) -> Int?) throws(TokenizerFileError) -> [DoubleArrayBuilder.Key] {
    var keys: [DoubleArrayBuilder.Key] = []
    for token in typedTokens {
      guard let id = id(token), !token.isEmpty else {
        throw TokenizerFileError(.badRule, item: "token \"\(token)\"", expected: "a token of the file")
      }
      keys.append(DoubleArrayBuilder.Key(bytes: Array(token.utf8), value: UInt32(id)))
    }
    keys.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    for index in keys.indices.dropFirst() where keys[index].bytes == keys[index - 1].bytes {
      throw TokenizerFileError(
        .badRule, item: "token \"\(String(decoding: keys[index].bytes, as: UTF8.self))\"",
        expected: "each token once")
    }
    return keys
  }
}
