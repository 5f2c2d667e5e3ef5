internal import Archives
internal import Tokenizer

/// Makes the table of a SentencePiece model.
struct SentencePieceTable {
  private let model: SentencePieceModel
  private let rules: TextRules
  private var assembly = TableAssembly()
  /// By position in the file.
  private var pieces: [Piece]

  static func table(_ model: SentencePieceModel, _ rules: TextRules) throws(TokenizerFileError) -> [UInt8] {
    var builder = try SentencePieceTable(model, rules)
    try builder.build()
    return builder.assembly.table
  }

  private init(_ model: SentencePieceModel, _ rules: TextRules) throws(TokenizerFileError) {
    self.model = model
    self.rules = rules
    pieces = model.pieces
    if rules.ids == .fairseq { try renumber() }
  }

  /// The ids of fairseq: the first three of the file are `<unk>`, `<s>` and `</s>`.
  private mutating func renumber() throws(TokenizerFileError) {
    let expected = ["<unk>", "<s>", "</s>"]
    let found = pieces.prefix(3).map { String(decoding: $0.text, as: UTF8.self) }
    guard found == expected else {
      throw TokenizerFileError(
        .badRule, expected: "\(expected.joined(separator: ", ")) first, as in XLM-R's models",
        found: found.joined(separator: ", "))
    }
    for (index, id) in [3, 0, 2].enumerated() { pieces[index].id = id }
    for index in pieces.indices.dropFirst(3) { pieces[index].id = index + 1 }
  }

  private mutating func build() throws(TokenizerFileError) {
    let isUnigram = model.kind == .unigram
    let list = try PieceList(pieces, isSearched: isSearched)
    if !isUnigram { try UnusedPieces.check(pieces) }
    var header = try rules.header(vocabulary: vocabulary) { name in self.id(of: name) }
    header.algorithm = isUnigram ? .unigramOfSentencePiece : .pairsByScore
    guard !rules.writesPrefix || (model.addsDummyPrefix && model.removesExtraSpaces && isUnigram) else {
      throw TokenizerFileError(
        .badRule, expected: "a unigram model with add_dummy_prefix and remove_extra_whitespaces",
        found: "the prefix of SiglipTokenizer for another one")
    }
    header.prefix = rules.writesPrefix ? .written : model.addsDummyPrefix ? .dummy : .none
    header.spaces = model.removesExtraSpaces ? .withoutExtra : .each
    header.words = list.hasInnerMark ? .whole : .continued
    header.unknown = model.byteFallback ? .bytes : .fused
    header.unknownID = UInt32(pieces.first { $0.kind == .unknown }?.id ?? 0)
    header.longestPiece = UInt32(list.longest)
    header.hasUserDefined = list.hasUserDefined
    if isUnigram { setScores(&header) }
    assembly.header = header
    assembly.add(.pieces, DoubleArrayBuilder.units(list.keys))
    if isUnigram { assembly.add(.scores, scores()) } else { assembly.add(.scores, ranks()) }
    if model.byteFallback { assembly.add(.bytes, try byteIDs()) }
    try addMap()
    assembly.add(.specials, DoubleArrayBuilder.units(try rules.typedKeys { name in self.id(of: name) }))
  }

  /// In byte-pair encoding, a character is looked up among the reserved pieces too.
  private func isSearched(_ piece: Piece) -> Bool {
    switch piece.kind {
    case .normal, .userDefined: true
    case .control: model.kind == .pairs && piece.text.count { $0 & 0xC0 != 0x80 } == 1
    case .unused, .unknown, .byte: false
    }
  }

  private var vocabulary: Int {
    // XLM-R's models have a mask at the end.
    rules.ids == .fairseq ? pieces.count + 2 : pieces.count
  }

  private func id(of name: String) -> Int? {
    let bytes = Array(name.utf8)
    if rules.ids == .fairseq, name == "<pad>" { return 1 }
    if rules.ids == .fairseq, name == "<mask>" { return vocabulary - 1 }
    return pieces.first { $0.text == bytes }?.id
  }

  private mutating func setScores(_ header: inout TableHeader) {
    let scores = pieces.filter { $0.kind == .normal }.map { Float($0.score) }
    // The constants of sentencepiece: FLT_MAX and FLT_MIN without pieces, and a penalty of 10.
    let lowest = scores.min() ?? .greatestFiniteMagnitude
    header.unknownScore = Double(lowest - 10)
    header.bestScore = Double(max(scores.max() ?? 0, .leastNormalMagnitude))
  }

  private func scores() -> [Float] {
    var scores = [Float](repeating: 0, count: vocabulary)
    for piece in pieces { scores[piece.id] = Float(piece.score) }
    return scores
  }

  /// The best score has the lowest rank; equal scores have the same.
  private func ranks() -> [UInt32] {
    var ranks = [UInt32](repeating: 0, count: vocabulary)
    var rank: UInt32 = 0
    var last: Double?
    for piece in pieces.sorted(by: { $0.score > $1.score }) {
      if let last, piece.score < last { rank += 1 }
      last = piece.score
      ranks[piece.id] = rank
    }
    return ranks
  }

  private func byteIDs() throws(TokenizerFileError) -> [UInt32] {
    var ids = [UInt32](repeating: TableHeader.noID, count: 256)
    for piece in pieces where piece.kind == .byte {
      guard let byte = BytePiece.byte(piece.text) else {
        throw TokenizerFileError(
          .malformed, at: piece.offset, item: piece.name, expected: "a byte piece such as <0x0A>",
          found: "another text")
      }
      ids[Int(byte)] = UInt32(piece.id)
    }
    if let missing = ids.firstIndex(of: TableHeader.noID) {
      throw TokenizerFileError(
        .contradiction, expected: "256 byte pieces", found: "none for \(BytePiece.name(UInt8(missing)))")
    }
    return ids
  }

  private mutating func addMap() throws(TokenizerFileError) {
    guard !model.map.isEmpty else { return }
    let map = try CharacterMapCheck(model.mapBytes(), at: model.map.lowerBound)
    assembly.header.longestKey = UInt8(map.longestKey)
    assembly.add(.mapTrie, map.trie)
    assembly.add(.mapTexts, map.texts)
  }
}
