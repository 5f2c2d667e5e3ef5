internal import Architecture
internal import Archives
internal import Checkpoints

/// Whether the tokenizer files next to the weights are OpenAI's. Models of other languages have other words in tables
/// of equal length; a wrong tokenizer gives wrong ids without any error.
enum VocabularyFiles {
  private static let openAI = PublishedVocabulary()

  /// OpenAI's tokenizer if every file agrees with it, `none` with the first file that does not; nil without files.
  static func tokenizer(_ evidence: Evidence) throws(ModelError) -> Stated<TokenizerKind>? {
    if let config = evidence.tokenizerConfig, let other = try otherTokenizer(ConfigReader(config)) {
      return Stated(.none, .configuration, "\(config.origin): \(other)")
    }
    if let words = evidence.ggufWords {
      let isOpenAI = words.equal(openAI.tokens)
      let difference = isOpenAI ? "OpenAI's words" : "other words than OpenAI's, or in another spelling"
      return Stated(isOpenAI ? .openAI : .none, .configuration, "tokenizer.ggml.tokens: \(difference)")
    }
    guard !evidence.tokenizerFiles.isEmpty else { return nil }
    for file in evidence.tokenizerFiles {
      if let difference = difference(file) {
        return Stated(.none, .configuration, "\(file.name) is not OpenAI's: \(difference)")
      }
    }
    let names = evidence.tokenizerFiles.map(\.name).joined(separator: ", ")
    return Stated(.openAI, .configuration, "\(names): OpenAI's words")
  }

  /// The first setting of `tokenizer_config.json` that differs from OpenAI's tokenizer; nil if none does.
  private static func otherTokenizer(_ config: ConfigReader) throws(ModelError) -> String? {
    if let name = try config.text("tokenizer_class"), !["CLIPTokenizer", "CLIPTokenizerFast"].contains(name) {
      return "tokenizer_class \(name)"
    }
    if try config.bool("do_lower_case") == false { return "do_lower_case false" }
    return TokenizerKeys.difference(config.json)
  }

  /// The first difference from OpenAI's vocabulary; nil if there is none.
  private static func difference(_ file: SourceFile) -> String? {
    do throws(ReadError) {
      let content = try MappedFile(path: file.path)
      switch file.name {
      case "merges.txt":
        return differenceOfMerges(
          content.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            .split(separator: "\n").drop { $0.hasPrefix("#version") }.map(String.init))
      case "vocab.json": return differenceOfWords(try JSONParser.parse(content.bytes, limits: .standard))
      case "spiece.model", "tokenizer.model", "sentencepiece.bpe.model": return "a SentencePiece model"
      case "added_tokens.json":
        let added = try JSONParser.parse(content.bytes, limits: .standard).objectValue?.members ?? []
        return differenceOfAdded(added.map(\.key))
      default:
        let root = try JSONParser.parse(content.bytes, limits: .standard)
        let model = root["model"]
        let added = (root["added_tokens"]?.arrayValue ?? []).compactMap { $0["content"]?.stringValue }
        return TokenizerPipeline.difference(root) ?? differenceOfAdded(added) ?? differenceOfWords(
          model?["vocab"])
          ?? differenceOfMerges((model?["merges"]?.arrayValue ?? []).map(line))
      }
    } catch {
      return error.description
    }
  }

  /// A token that the tokenizer recognises before OpenAI's rules apply, except "!", the padding of Stable Diffusion
  /// 2.
  private static func differenceOfAdded(_ tokens: [String]) -> String? {
    let other = tokens.first { !["<|startoftext|>", "<|endoftext|>", "!"].contains($0) }
    return other.map { "the added token \"\($0.prefix(40))\"" }
  }

  /// A merge in `tokenizer.json`: `"a b"`, or `["a", "b"]` since tokenizers 0.20.
  private static func line(_ merge: JSONValue) -> String {
    merge.stringValue ?? (merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
  }

  private static func differenceOfMerges(_ lines: [String]) -> String? {
    let expected = openAI.merges.map { "\($0.left) \($0.right)" }
    guard lines.count == expected.count else { return "\(lines.count) merges, not \(expected.count)" }
    let index = lines.indices.first { lines[$0] != expected[$0] }
    return index.map { "merge \($0 + 1) is \"\(lines[$0].prefix(40))\", not \"\(expected[$0])\"" }
  }

  private static func differenceOfWords(_ table: JSONValue?) -> String? {
    let members = table?.objectValue?.members ?? []
    let expected = openAI.tokens
    guard members.count == expected.count else { return "\(members.count) words, not \(expected.count)" }
    let other = members.first { member in
      guard let id = member.value.integerValue, expected.indices.contains(id) else { return true }
      return expected[id] != member.key
    }
    return other.map { "the word \"\($0.key.prefix(40))\" has id \($0.value.brief)" }
  }
}
