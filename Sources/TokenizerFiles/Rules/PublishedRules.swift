internal import Tokenizer

/// The text rules that published tokenizers have, by the code that defines them. One checkpoint can be used with several:
/// they give other ids for capitals, punctuation and spaces.
public enum PublishedRules: String, Sendable, CaseIterable {
  /// `SiglipTokenizer` of transformers: `str.lower`, punctuation deleted, white space collapsed.
  case siglip
  /// `Siglip2Tokenizer` of transformers: the pipeline after `Lowercase`.
  case siglip2
  /// The pipeline of `tokenizer.json` alone, as `GemmaTokenizer`, `XLMRobertaTokenizer` and most others of transformers use
  /// it.
  case pipeline
  /// `canonicalize_text` of open_clip before the pipeline: punctuation deleted, `str.lower`, white space collapsed.
  case openCLIP = "open_clip"
  /// `tokenize` of big_vision: A to Z in lower case, then sentencepiece.
  case bigVision = "big_vision"

  /// The rules for the texts of one model.
  ///
  /// - Parameters:
  ///   - padToken: the token that fills a text up to `length`, as the source states it; nil if it does not.
  ///   - length: the model's context.
  /// - Throws: `badRule` if the file is of another kind than this tokenizer reads, or has no such token.
  public func rules(
    for file: TokenizerFile, padToken: String?, length: Int
  ) throws(TokenizerFileError) -> TextRules {
    guard kinds.contains(file.kind) else {
      throw TokenizerFileError(
        .badRule, item: "text rules \(rawValue)", expected: fileNames.joined(separator: " or "),
        found: "another kind of file")
    }
    var rules = TextRules()
    switch self {
    case .siglip:
      (rules.letterCase, rules.punctuation, rules.deletesAfterLowerCasing) = (.python, .deleted, true)
      (rules.collapsesWhitespace, rules.writesPrefix) = (true, true)
      rules.endID = try id(of: "</s>", file)
      // Other models of sentencepiece have it elsewhere: XLM-R's at 2, with other ids than the file's.
      guard rules.endID == 1 else {
        throw TokenizerFileError(
          .badRule, item: "text rules siglip", expected: "</s> as id 1, as in SigLIP's files",
          found: "\(rules.endID ?? 0)")
      }
      rules.typedTokens = ["<unk>", "</s>"]
    case .siglip2: rules.letterCase = .scalarwise
    case .pipeline: break
    case .openCLIP:
      (rules.cleans, rules.letterCase, rules.punctuation) = (true, .python, .underscoreToSpace)
      (rules.collapsesWhitespace, rules.recognisesListedTokens) = (true, false)
    case .bigVision:
      rules.letterCase = .ascii
      rules.endID = try id(of: file.kind == .unigramModel ? "</s>" : "<eos>", file)
    }
    if let token = padToken ?? ownPadToken(file.kind) {
      rules.padID = try id(of: token, file)
      rules.length = length
    }
    return rules
  }

  /// The files that this tokenizer reads.
  private var kinds: [TokenizerFile.Kind] {
    switch self {
    case .siglip: [.unigramModel]
    case .siglip2, .pipeline, .openCLIP: [.pipeline]
    case .bigVision: [.unigramModel, .pairsModel]
    }
  }

  /// The usual names of those files.
  public var fileNames: [String] {
    switch self {
    case .siglip: ["spiece.model"]
    case .siglip2, .pipeline, .openCLIP: ["tokenizer.json"]
    case .bigVision: ["spiece.model", "tokenizer.model"]
    }
  }

  /// What the code itself pads with, where no configuration says otherwise.
  private func ownPadToken(_ kind: TokenizerFile.Kind) -> String? {
    switch self {
    case .siglip: "</s>"
    case .siglip2: "<pad>"
    case .pipeline, .openCLIP: nil
    // The `pad_value` of its configurations for SigLIP, and the default, which those of SigLIP 2 use.
    case .bigVision: kind == .unigramModel ? "</s>" : "<pad>"
    }
  }

  private func id(of token: String, _ file: TokenizerFile) throws(TokenizerFileError) -> Int {
    guard let id = file.id(of: token) else {
      throw TokenizerFileError(
        .badRule, item: "text rules \(rawValue)", expected: "the token \(token)", found: "a file without it")
    }
    return id
  }
}
