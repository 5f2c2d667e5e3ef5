internal import Architecture
internal import Archives
internal import Tokenizer
internal import TokenizerFiles

/// A tokenizer's table against what the tower and the configuration state.
struct TableCheck {
  private let header: TableHeader
  private let file: TokenizerFile
  private let path: String

  init(table: [UInt8], file: TokenizerFile, path: String) {
    // The builder's own bytes always open.
    header = (try? TableHeader(table.span.bytes)) ?? TableHeader()
    self.file = file
    self.path = path
  }

  /// Whether texts are padded to the context.
  var pads: Bool { header.length > 0 }

  /// The tokenizer's ids are in the token table, and its texts end where the tower pools.
  func require(fits tower: TextTower) throws(ModelError) {
    guard Int(header.vocabulary) <= tower.vocabularySize else {
      throw bad(
        "at most \(tower.vocabularySize) ids, the rows of the token table", "\(header.vocabulary)")
    }
    switch tower.pooling {
    case .firstID(let id):
      guard Int(header.endID) == id else {
        throw bad("texts that end with id \(id), which this tower pools", end)
      }
    case .highestID:
      guard header.endID != TableHeader.noID, header.endID == header.vocabulary - 1 else {
        throw bad("texts that end with the highest id, which this tower pools", end)
      }
    case .last: break
    }
  }

  /// A note if the vocabularies differ: models have more rows than ids only to fill them up.
  func note(on tower: TextTower) -> String? {
    guard Int(header.vocabulary) != tower.vocabularySize else { return nil }
    return
      "the tokenizer has \(header.vocabulary) ids and the token table \(tower.vocabularySize) rows: make sure that it is this model's"
  }

  /// The tokens and flags of `tokenizer_config.json` are those of the file.
  func require(follows stated: StatedTextRules) throws(ModelError) {
    // `TableKeys` compares the tokens of SiglipTokenizer, which no file lists.
    guard let config = stated.config, stated.rules.value != .siglip else { return }
    for (key, text) in TableKeys.tokens(config.json) {
      guard file.listsToken(text) else {
        throw bad("\(key) \(text), as tokenizer_config.json states", "no such added token")
      }
    }
    try require(config, "eos_token", header.endID)
    try require(config, "sep_token", header.endID)
    try require(config, "bos_token", header.beginID)
    try require(config, "cls_token", header.beginID)
    try require(config, "add_bos_token", adds: header.beginID)
    try require(config, "add_eos_token", adds: header.endID)
    if let unknown = try config.integer("unk_id"), unknown != Int(header.unknownID) {
      throw bad("unk_id \(unknown), as tokenizer_config.json states", "\(header.unknownID)")
    }
  }

  /// Where texts begin or end with an id, the configuration names the same token.
  private func require(_ config: ConfigReader, _ key: String, _ id: UInt32) throws(ModelError) {
    guard id != TableHeader.noID, let token = try config.token(key), file.id(of: token) != Int(id) else {
      return
    }
    throw bad("\(key) \(token), as tokenizer_config.json states", "id \(id)")
  }

  private func require(_ config: ConfigReader, _ key: String, adds id: UInt32) throws(ModelError) {
    guard let isAdded = try config.bool(key), isAdded != (id != TableHeader.noID) else { return }
    throw bad("\(key) \(isAdded), as tokenizer_config.json states", "\(!isAdded)")
  }

  private var end: String { header.endID == TableHeader.noID ? "no end of text" : "\(header.endID)" }

  private func bad(_ expected: String, _ found: String) -> ModelError {
    ModelError(.badTokenizer, expected: expected, found: found, file: path)
  }
}

extension ModelError {
  init(_ error: TokenizerFileError) {
    self.init(
      error.code == .unsupported ? .unsupportedTokenizer : .badTokenizer, expected: error.expected,
      found: error.found.map { "\(error.item.map { $0 + ": " } ?? "")\($0)" } ?? error.item, file: error.file)
    remedy = "\(error.hint); --tokenizer none makes a model that takes token ids"
  }
}
