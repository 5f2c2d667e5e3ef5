/// How a text becomes token ids: OpenAI's tokenizer, and what ports do differently.
struct TextRecipe: Sendable, Equatable {
  /// Ids of a text: C.
  var contextLength: Int
  /// A sentence with {} where the text goes; nil for the text alone.
  var template: String?
  var lowersCase = true
  /// Whether `&amp;` and the like become characters.
  var resolvesEntities = true
  /// Whether a letter and its mark become one character, as ftfy does.
  var composes = true
  var stripsAccents = false
  /// Whether ftfy's repairs of quotes, ligatures and full-width letters are made, which `Tokenizer` does not make.
  var repairs = false
  var hasStart = true
  var hasEnd = true
  /// Whether a text that is too long keeps the end token.
  var keepsEndIfCut = true
  /// The id after the end of a text.
  var padding = Padding.zero

  init(contextLength: Int) { self.contextLength = contextLength }

  enum Padding: Sendable, Equatable { case zero, endOfText }

  /// Whether OpenAI's tokenizer computes the tokens.
  var isStandard: Bool { lowersCase && resolvesEntities && composes && !stripsAccents }
}
