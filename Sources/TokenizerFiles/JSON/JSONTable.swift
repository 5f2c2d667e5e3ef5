internal import Archives
internal import Foundation
internal import Tokenizer

/// Makes the table of a `tokenizer.json`.
struct JSONTable {
  private let json: TokenizerJSON
  private let rules: TextRules
  private let steps: PipelineSteps
  private var assembly = TableAssembly()
  private var ids: [[UInt8]: Int] = [:]
  private var vocabulary = 0

  static func table(_ json: TokenizerJSON, _ rules: TextRules) throws(TokenizerFileError) -> [UInt8] {
    var builder = try JSONTable(json, rules)
    try builder.build()
    return builder.assembly.table
  }

  private init(_ json: TokenizerJSON, _ rules: TextRules) throws(TokenizerFileError) {
    self.json = json
    self.rules = rules
    for key in json.parts.keys.sorted() {
      let known = [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
        "decoder",
      ]
      guard known.contains(key) else {
        throw TokenizerFileError(.unsupported, item: "key \(key)", found: "a key that may change the ids")
      }
    }
    for key in ["truncation", "padding"]
    where json.parts[key]?["direction"]?.stringValue ?? "Right" != "Right" {
      throw TokenizerFileError(.unsupported, item: key, expected: "the right side", found: "another side")
    }
    guard rules.ids == .file, !rules.writesPrefix else {
      throw TokenizerFileError(
        .badRule, expected: "a SentencePiece model for these rules", found: "tokenizer.json")
    }
    steps = try PipelineSteps(json.parts)
  }

  private mutating func build() throws(TokenizerFileError) {
    for piece in json.pieces { ids[piece.text] = piece.id }
    vocabulary = (json.pieces.map(\.id).max() ?? 0) + 1
    let list = try PieceList(json.pieces)
    if Set(json.pieces.map(\.id)).count != json.pieces.count {
      throw TokenizerFileError(.contradiction, item: "vocab", expected: "each id once", found: "one twice")
    }
    let added = try AddedTokens(
      json.parts["added_tokens"], vocabulary: vocabulary, pieceCount: json.pieces.count, ids)
    vocabulary = added.vocabulary
    assembly.header = try rules.header(vocabulary: vocabulary) { name in self.ids[Array(name.utf8)] }
    try applyTemplate()
    assembly.header.longestPiece = UInt32(list.longest)
    switch json.type {
    case "Unigram": try addUnigram(list)
    case "BPE": try addPairs(list)
    case let other:
      throw TokenizerFileError(.unsupported, item: "the model", expected: "Unigram or BPE", found: other)
    }
    try addMap()
    var typed = try rules.typedKeys { name in self.ids[Array(name.utf8)] }
    typed.removeAll { key in
      rules.recognisesListedTokens && added.keys.contains { $0.bytes == key.bytes }
    }
    if !rules.recognisesListedTokens, let token = added.keys.first(where: { rules.canLeave($0.bytes) }) {
      // tokenizers would recognise it in the changed text, and the table does not.
      throw TokenizerFileError(
        .unsupported, item: "added token \(String(decoding: token.bytes, as: UTF8.self))",
        expected: "only tokens that the text rules delete", found: "one that can remain in a text")
    }
    let listed = rules.recognisesListedTokens ? added.keys : []
    let keys = (listed + typed).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    assembly.add(.specials, DoubleArrayBuilder.units(keys))
  }

  /// The ids around the text that the file states, unless the rules replace them.
  private mutating func applyTemplate() throws(TokenizerFileError) {
    guard rules.usesTemplate else { return }
    let template = try PostProcessor(json.parts["post_processor"])
    for id in [template.beginID, template.endID].compactMap(\.self) where !(0..<vocabulary).contains(id) {
      throw TokenizerFileError(
        .contradiction, item: "the post-processor", expected: "an id below \(vocabulary)", found: "\(id)")
    }
    if rules.beginID == nil, let id = template.beginID { assembly.header.beginID = UInt32(id) }
    if rules.endID == nil, let id = template.endID { assembly.header.endID = UInt32(id) }
  }

  private mutating func addUnigram(_ list: PieceList) throws(TokenizerFileError) {
    for key in json.model.keys.sorted() where !["type", "unk_id", "byte_fallback"].contains(key) {
      throw TokenizerFileError(.unsupported, item: "model key \(key)", found: "a key that may change the ids")
    }
    guard let unknown = json.model["unk_id"]?.integerValue, json.pieces.indices.contains(unknown) else {
      throw TokenizerFileError(.contradiction, item: "unk_id", expected: "the id of a piece")
    }
    for piece in json.pieces where !piece.score.isFinite {
      throw TokenizerFileError(.malformed, at: piece.offset, item: piece.name, expected: "a finite score")
    }
    assembly.header.algorithm = .unigramOfTokenizers
    assembly.header.unknownID = UInt32(unknown)
    assembly.header.unknownScore = (json.pieces.map(\.score).min() ?? 0) - 10
    try steps.apply(to: &assembly.header, hasInnerMark: list.hasInnerMark)
    assembly.add(.pieces, DoubleArrayBuilder.units(list.keys))
    var scores = [Double](repeating: 0, count: vocabulary)
    for piece in json.pieces { scores[piece.id] = piece.score }
    assembly.add(.scores, scores)
    _ = try addBytes()
  }

  private mutating func addPairs(_ list: PieceList) throws(TokenizerFileError) {
    try checkPairs()
    assembly.header.algorithm = .pairsByRank
    var frozen: Set<Int> = []
    if let name = json.model["unk_token"]?.stringValue {
      guard let id = ids[Array(name.utf8)] else {
        throw TokenizerFileError(.contradiction, item: "unk_token", expected: "a piece", found: "\"\(name)\"")
      }
      assembly.header.unknownID = UInt32(id)
      frozen.insert(id)
    }
    assembly.header.unknown = json.model["fuse_unk"]?.boolValue == true ? .fused : .single
    frozen.formUnion(try addBytes())
    let merges = try MergeTable(json.merges, vocabulary: vocabulary, ids, frozen: frozen)
    try steps.apply(to: &assembly.header, hasInnerMark: merges.hasInnerMark)
    assembly.add(.pieces, DoubleArrayBuilder.units(list.keys))
    assembly.add(.mergeStarts, merges.starts)
    assembly.add(.mergeRights, merges.rights)
    assembly.add(.mergeRanks, merges.ranks)
  }

  private func checkPairs() throws(TokenizerFileError) {
    let plain: [String: [JSONValue]] = [
      "dropout": [.null, .number(0), .integer(0)], "continuing_subword_prefix": [.null, .string("")],
      "end_of_word_suffix": [.null, .string("")], "ignore_merges": [.null, .bool(false)],
    ]
    for (key, value) in json.model.sorted(by: { $0.key < $1.key }) {
      if ["type", "unk_token", "fuse_unk", "byte_fallback"].contains(key) { continue }
      guard let accepted = plain[key], accepted.contains(value) else {
        throw TokenizerFileError(
          .unsupported, item: "model key \(key)", found: "a value that changes the ids")
      }
    }
  }

  /// The byte pieces, if the model falls back to them and has any.
  private mutating func addBytes() throws(TokenizerFileError) -> Set<Int> {
    guard json.model["byte_fallback"]?.boolValue == true else { return [] }
    let bytes = (UInt8.min...UInt8.max).map { ids[BytePiece.bytes($0)] }
    guard bytes.contains(where: { $0 != nil }) else { return [] }
    // A byte that is a character and a piece needs no byte piece: transformers 4 writes Gemma's tab so.
    let usable = zip(UInt8.min...UInt8.max, bytes).compactMap { byte, id in id ?? ids[[byte]] }
    guard usable.count == 256 else {
      throw TokenizerFileError(
        .contradiction, item: "byte_fallback", expected: "256 byte pieces", found: "\(usable.count)")
    }
    assembly.header.unknown = .bytes
    assembly.add(.bytes, usable.map { UInt32($0) })
    return Set(bytes.compactMap(\.self))
  }

  private mutating func addMap() throws(TokenizerFileError) {
    guard let text = steps.characterMap else { return }
    guard let data = Data(base64Encoded: text) else {
      throw TokenizerFileError(.malformed, item: "precompiled_charsmap", expected: "base 64")
    }
    // transformers writes an empty map for a model without one.
    guard !data.isEmpty else { return }
    let map = try CharacterMapCheck([UInt8](data), at: 0)
    assembly.header.longestKey = UInt8(map.longestKey)
    assembly.add(.mapTrie, map.trie)
    assembly.add(.mapTexts, map.texts)
  }
}

extension TextRules {
  /// Whether a token that is typed in a text can still be there after the rules: not if they delete its punctuation, or if it is
  /// white space that they collapse.
  fileprivate func canLeave(_ token: [UInt8]) -> Bool {
    let text = String(decoding: token, as: UTF8.self)
    if punctuation != .kept, token.contains(where: { isPunctuation(UInt32($0)) }) { return false }
    return !(collapsesWhitespace && text.allSatisfy(\.isWhitespace) && text != " ")
  }
}
