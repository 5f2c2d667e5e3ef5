internal import Archives

/// A `tokenizer.json` of the library tokenizers: pieces, merges, and the other parts as values.
struct TokenizerJSON {
  /// By position in the file.
  var pieces: [Piece] = []
  /// `Unigram` or `BPE`.
  var type = ""
  /// Members of the model beside its pieces and merges.
  var model: [String: JSONValue] = [:]
  var merges: [Merge] = []
  /// Members beside the model.
  var parts: [String: JSONValue] = [:]

  struct Merge {
    var left: [UInt8]
    var right: [UInt8]
    /// In the file.
    var offset: Int
  }

  private static let mostMerges = 1 << 22

  init(_ file: MappedFile) throws(TokenizerFileError) {
    var reader = JSONReader(file)
    try reader.expect("{")
    var isFirst = true
    var hasModel = false
    while let key = try reader.key(&isFirst) {
      let name = String(decoding: key, as: UTF8.self)
      guard name == "model" else {
        try Self.store(&parts, name, &reader)
        continue
      }
      guard !hasModel else { throw reader.error(expected: "one model") }
      hasModel = true
      try readModel(&reader)
    }
    guard reader.peek() == nil else { throw reader.error(expected: "the end") }
    guard hasModel, !pieces.isEmpty else {
      throw TokenizerFileError(.notATokenizer, expected: "a model with a vocabulary", found: "other JSON")
    }
    // Files before tokenizers 0.8 omit the type.
    type = model["type"]?.stringValue ?? (merges.isEmpty ? "" : "BPE")
  }

  private static func store(
    _ values: inout [String: JSONValue], _ name: String, _ reader: inout JSONReader
  ) throws(TokenizerFileError) {
    let range = try reader.skipped()
    guard values.updateValue(try reader.value(range), forKey: name) == nil else {
      throw TokenizerFileError(.malformed, at: range.lowerBound, expected: "each key once", found: name)
    }
  }

  private mutating func readModel(_ reader: inout JSONReader) throws(TokenizerFileError) {
    try reader.expect("{")
    var isFirst = true
    while let key = try reader.key(&isFirst) {
      switch String(decoding: key, as: UTF8.self) {
      case "vocab":
        guard pieces.isEmpty else { throw reader.error(expected: "one vocabulary") }
        if reader.peek() == UInt8(ascii: "[") { try readScores(&reader) } else { try readIDs(&reader) }
      case "merges": try readMerges(&reader)
      case let name: try Self.store(&model, name, &reader)
      }
    }
  }

  /// `[["<unk>", 0.0], …]`, by id.
  private mutating func readScores(_ reader: inout JSONReader) throws(TokenizerFileError) {
    try reader.expect("[")
    var isFirst = true
    while try reader.hasElement(&isFirst) {
      let offset = reader.position
      try reader.expect("[")
      let text = try reader.text()
      try reader.expect(",")
      let score = try reader.number()
      try reader.expect("]")
      try add(Piece(text: text, score: score, kind: .normal, id: pieces.count, offset: offset))
    }
  }

  /// `{"<pad>": 0, …}`
  private mutating func readIDs(_ reader: inout JSONReader) throws(TokenizerFileError) {
    try reader.expect("{")
    var isFirst = true
    while let text = try reader.key(&isFirst) {
      let offset = reader.position
      guard let id = Int(exactly: try reader.number()), (0..<SentencePieceModel.largestCount).contains(id)
      else {
        throw TokenizerFileError(
          .malformed, at: offset, expected: "an id below \(SentencePieceModel.largestCount)")
      }
      try add(Piece(text: text, score: 0, kind: .normal, id: id, offset: offset))
    }
  }

  private mutating func add(_ piece: Piece) throws(TokenizerFileError) {
    guard pieces.count < SentencePieceModel.largestCount else {
      throw TokenizerFileError(
        .tooLarge, at: piece.offset, expected: "at most \(SentencePieceModel.largestCount) pieces")
    }
    pieces.append(piece)
  }

  /// `"a b"`, or `["a", "b"]` since tokenizers 0.20.
  private mutating func readMerges(_ reader: inout JSONReader) throws(TokenizerFileError) {
    try reader.expect("[")
    var isFirst = true
    while try reader.hasElement(&isFirst) {
      let offset = reader.position
      guard merges.count < Self.mostMerges else {
        throw TokenizerFileError(.tooLarge, at: offset, expected: "at most \(Self.mostMerges) merges")
      }
      if reader.take("[") {
        let left = try reader.text()
        try reader.expect(",")
        merges.append(Merge(left: left, right: try reader.text(), offset: offset))
        try reader.expect("]")
      } else {
        let parts = try reader.text().split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
          throw TokenizerFileError(.malformed, at: offset, expected: "a merge of two pieces")
        }
        merges.append(Merge(left: Array(parts[0]), right: Array(parts[1]), offset: offset))
      }
    }
  }
}
