internal import Archives
internal import Tokenizer

/// The tokens of a `tokenizer.json` that are recognised where they are typed in a text, before any other step.
struct AddedTokens {
  private(set) var keys: [DoubleArrayBuilder.Key] = []
  /// Ids are below this.
  private(set) var vocabulary: Int

  /// - Parameter ids: of the model's pieces.
  init(
    _ value: JSONValue?, vocabulary: Int, pieceCount: Int, _ ids: [[UInt8]: Int]
  ) throws(TokenizerFileError) {
    self.vocabulary = vocabulary
    // tokenizers gives a token that is no piece the next id.
    var next = pieceCount
    for token in value?.arrayValue ?? [] {
      guard let content = token["content"]?.stringValue, let id = token["id"]?.integerValue, !content.isEmpty
      else {
        throw TokenizerFileError(.malformed, item: "added_tokens", expected: "an id and a content")
      }
      let text = Array(content.utf8)
      try Self.check(token, text, content)
      let actual = ids[text] ?? next
      guard id == actual, id < Int(TableHeader.largestVocabulary) else {
        throw TokenizerFileError(
          .contradiction, item: "token \"\(content)\"", expected: "id \(actual)", found: "\(id)")
      }
      if ids[text] == nil { next += 1 }
      self.vocabulary = max(self.vocabulary, id + 1)
      keys.append(DoubleArrayBuilder.Key(bytes: text, value: UInt32(id) | Self.bits(token)))
    }
    keys.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    for index in keys.indices.dropFirst() where keys[index].bytes == keys[index - 1].bytes {
      throw TokenizerFileError(
        .contradiction, item: "token \"\(String(decoding: keys[index].bytes, as: UTF8.self))\"",
        expected: "each added token once")
    }
  }

  private static func bits(_ token: JSONValue) -> UInt32 {
    (token["lstrip"]?.boolValue == true ? TableHeader.stripsLeft : 0)
      | (token["rstrip"]?.boolValue == true ? TableHeader.stripsRight : 0)
  }

  private static func check(
    _ token: JSONValue, _ text: [UInt8], _ content: String
  ) throws(TokenizerFileError) {
    for option in ["single_word", "normalized"] where token[option]?.boolValue == true {
      throw TokenizerFileError(
        .unsupported, item: "token \"\(content)\"", found: "an added token with \(option)")
    }
    guard text.count <= Int(TableHeader.longestPieceLimit), !text.contains(0) else {
      throw TokenizerFileError(
        .tooLarge, item: "added_tokens", expected: "tokens of at most \(TableHeader.longestPieceLimit) bytes",
        found: "\(text.count)")
    }
  }
}
