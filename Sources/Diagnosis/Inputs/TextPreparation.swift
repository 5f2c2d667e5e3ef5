internal import CVocabulary
internal import Tokenizer

/// Computes token ids as a `TextRecipe` says.
struct TextPreparation {
  private let tokenizer: Tokenizer
  private let plain: PlainTokenizer

  /// Nil if the vocabulary that ships with this tool is damaged.
  init?() {
    let merges = UnsafeBufferPointer(
      start: cvocabulary_openai_merges(), count: Int(CVOCABULARY_ROW_COUNT) * 2)
    guard let tokenizer = try? Tokenizer(merges: merges.span, count: Int(CVOCABULARY_MERGE_COUNT)) else {
      return nil
    }
    self.tokenizer = tokenizer
    plain = PlainTokenizer(merges: merges.prefix(2 * Int(CVOCABULARY_MERGE_COUNT)).map(Int32.init))
  }

  /// `recipe.contextLength` ids.
  func ids(of text: String, _ recipe: TextRecipe) -> [Int32] {
    let repaired = recipe.repairs ? TextRepair.repaired(text) : text
    let complete = recipe.template.map { $0.replacing("{}", with: repaired) } ?? repaired
    let body = recipe.isStandard ? standardBody(of: complete) : plain.ids(of: complete, recipe)
    var ids = (recipe.hasStart ? [tokenizer.startOfText] : []) + body
    if recipe.hasEnd { ids.append(tokenizer.endOfText) }
    let length = recipe.contextLength
    if ids.count > length {
      ids.removeLast(ids.count - length)
      if recipe.hasEnd, recipe.keepsEndIfCut, length > 0 { ids[length - 1] = tokenizer.endOfText }
    }
    let pad: Int32 =
      switch recipe.padding {
      case .zero: 0
      case .endOfText: tokenizer.endOfText
      }
    return ids + [Int32](repeating: pad, count: length - ids.count)
  }

  /// The tokens between start and end of text.
  private func standardBody(of text: String) -> [Int32] {
    var ids = [Int32](repeating: 0, count: Self.mostTokens + 2)
    var scratch = Tokenizer.Scratch(contextLength: ids.count)
    var span = ids.mutableSpan
    let result = tokenizer.tokenize(Array(text.utf8).span, into: &span, scratch: &scratch)
    return Array(ids[1..<max(1, result.count - 1)])
  }

  /// More than any context has.
  private static let mostTokens = 1024
}
