// Cleaning, tokens and padding.
extension Mistake {
  /// - Parameter template: a sentence in which the user's texts may have been put.
  static func textInputs(template: String?) -> [Mistake] {
    let sentences = ([template].compactMap(\.self) + knownTemplates).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    return sentences.map { sentence in
      Mistake(
        "text-template", .text, "puts each text into \"\(sentence)\"",
        remedy: "give both tools the same texts: with the sentence, or without"
      ) { $0.text?.template = sentence }
    } + tokenizing
  }

  private static let knownTemplates = [
    "a photo of a {}.", "a photo of a {}", "a photo of {}", "a picture of a {}.", "a picture of a {}",
    "This is a photo of {}.",
  ]

  private static let tokenizing: [Mistake] = [
    Mistake("text-case", .text, "does not convert texts to lower case") { $0.text?.lowersCase = false },
    Mistake("text-entities", .text, "does not resolve HTML entities such as &amp;") {
      $0.text?.resolvesEntities = false
    },
    Mistake("text-composition", .text, "does not compose letters with their marks (ftfy or NFC is missing)") {
      $0.text?.composes = false
    },
    Mistake(
      "text-repair", .text,
      "repairs typographic quotes, ligatures and full-width letters with ftfy, as OpenAI's tokenizer does and PocketCLIP does not",
      remedy: "none of the tools is wrong: call ftfy.fix_text on the texts that you give to PocketCLIP"
    ) { $0.text?.repairs = true },
    Mistake("text-accents", .text, "removes accents from letters") { $0.text?.stripsAccents = true },
    Mistake("tokens-no-start", .tokens, "leaves out the start token") { $0.text?.hasStart = false },
    Mistake("tokens-bare", .tokens, "leaves out the start and the end token") {
      $0.text?.hasStart = false
      $0.text?.hasEnd = false
    },
    Mistake("tokens-end-cut", .tokens, "cuts the end token off texts that are too long") {
      $0.text?.keepsEndIfCut = false
    },
  ]
}
