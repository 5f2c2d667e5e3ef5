public import Tokenizer

extension TableHeader {
  /// The algorithm and the text rules in words, for reports: `unigram of 32000 ids, str.lower, …`.
  public var summary: String {
    ([algorithmText] + ruleTexts + [lengthText]).compactMap(\.self).joined(separator: ", ")
  }

  private var algorithmText: String {
    let name =
      switch algorithm {
      case .unigramOfSentencePiece: "unigram of sentencepiece"
      case .unigramOfTokenizers: "unigram of tokenizers"
      case .pairsByScore: "byte pairs of sentencepiece"
      case .pairsByRank: "byte pairs of tokenizers"
      }
    return "\(name) with \(vocabulary) ids"
  }

  private var ruleTexts: [String] {
    [
      cleans ? "character references decoded" : nil, caseText, punctuationText,
      collapsesWhitespace ? "white space collapsed" : nil,
    ].compactMap(\.self)
  }

  private var caseText: String {
    switch letterCase {
    case .kept: "capitals kept"
    case .ascii: "A to Z in lower case"
    case .python, .scalarwise: "lower case"
    }
  }

  private var punctuationText: String? {
    switch punctuation {
    case .kept: nil
    case .deleted: "punctuation deleted"
    case .underscoreToSpace: "_ to a space and other punctuation deleted"
    }
  }

  private var lengthText: String? { length > 0 ? "padded with id \(padID) to \(length)" : nil }
}
