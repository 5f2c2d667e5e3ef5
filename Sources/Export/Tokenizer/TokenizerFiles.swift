internal import Architecture
internal import Models

/// OpenAI's tokenizer in the files of transformers and of the `tokenizers` library.
struct TokenizerFiles {
  /// Why no files are written; empty if they are.
  static func notes(on tokenizer: ModelTokenizer) -> [String] {
    switch tokenizer {
    case .openAI: []
    case .table: ["the tokenizer is not written: take its file from the source"]
    case .none: ["the source has no tokenizer, so none is written: give token ids"]
    }
  }

  static let names = fastNames.union(["merges.txt", "vocab.json"])
  static let fastNames: Set<String> = ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]

  private let vocabulary = PublishedVocabulary()
  private let contextLength: Int

  /// Nil for another tokenizer, whose file is not written again, and for a model that takes ids only.
  init?(_ tokenizer: ModelTokenizer, _ tower: TextTower) {
    switch tokenizer {
    case .openAI: contextLength = tower.contextLength
    case .table, .none: return nil
    }
  }

  /// The files that any version of transformers reads.
  ///
  /// - Parameter folder: with a slash at the end, or empty.
  func all(below folder: String) -> [PlannedFile] {
    let members = vocabulary.tokens.enumerated().map { (key: $0.element, value: JSONText.integer($0.offset)) }
    let lines = vocabulary.merges.map { "\($0.left) \($0.right)\n" }
    return [
      PlannedFile(name: folder + "vocab.json", JSONText.object(members).compact),
      PlannedFile(name: folder + "merges.txt", "#version: 0.2\n" + lines.joined()),
    ] + fast(below: folder)
  }

  /// The files that the `tokenizers` library reads.
  func fast(below folder: String) -> [PlannedFile] {
    [
      PlannedFile(name: folder + "tokenizer.json", TokenizerJSON(vocabulary: vocabulary).json.compact),
      PlannedFile(name: folder + "tokenizer_config.json", config.pretty),
      PlannedFile(name: folder + "special_tokens_map.json", JSONText.object(specialTokens).pretty),
    ]
  }

  private var specialTokens: [(key: String, value: JSONText)] {
    let end = JSONText.string(PublishedVocabulary.endOfText)
    return [
      ("bos_token", .string(PublishedVocabulary.startOfText)), ("eos_token", end), ("pad_token", end),
      ("unk_token", end),
    ]
  }

  private var config: JSONText {
    .object(
      [
        ("tokenizer_class", "CLIPTokenizer"), ("model_max_length", .integer(contextLength)),
        ("do_lower_case", true), ("add_prefix_space", false), ("errors", "replace"),
      ] + specialTokens)
  }
}
