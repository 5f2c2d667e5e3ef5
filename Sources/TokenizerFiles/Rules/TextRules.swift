public import Tokenizer

/// The text rules of a model: what its own tokenizer does beside the pieces. A tokenizer file records few of them, so
/// the caller states each; none is implied by a name.
public struct TextRules: Sendable, Equatable {
  /// Whether character references are decoded twice and the text is composed, as in OpenAI's tokenizer.
  public var cleans = false
  public var letterCase = LetterCase.kept
  public var punctuation = PunctuationRule.kept
  /// Whether punctuation is deleted after lower-casing. It matters to a final sigma.
  public var deletesAfterLowerCasing = false
  /// Whether runs of white space become one space and both ends are stripped.
  public var collapsesWhitespace = false
  /// Whether a `▁` is written before the text and a typed one becomes a space, as by `SiglipTokenizer`.
  public var writesPrefix = false
  /// Whether the ids before and after the text that a `tokenizer.json` states hold where the two below are nil.
  public var usesTemplate = true
  public var beginID: Int?
  public var endID: Int?
  public var padID: Int?
  /// The number of ids that every text is padded to; nil if texts are not padded.
  public var length: Int?
  /// Tokens that are recognised where they are typed in a text, beside those that a `tokenizer.json` lists.
  public var typedTokens: [String] = []
  /// Whether those that a `tokenizer.json` lists are recognised. They are not where other code changes the text before
  /// the tokenizer sees it, such as open_clip's, which deletes their punctuation.
  public var recognisesListedTokens = true
  public var ids = IDScheme.file

  /// How the ids of a SentencePiece model become those of the model.
  public enum IDScheme: Sendable, Equatable {
    case file
    /// XLM-R and XLM-V: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, then the pieces from the fourth on, one higher.
    case fairseq
  }

  public init() {}
}
