/// Sentences around a label; several are ensembled, as in OpenAI's "Prompt Engineering for ImageNet" notebook.
struct PromptTemplates {
  /// Each has `{}` where the label goes.
  let sentences: [String]

  /// - Throws: a usage error for a template without `{}`.
  init(_ sentences: [String]) throws(Failure) {
    for sentence in sentences where !sentence.contains("{}") {
      throw Failure(
        .usage, "the template \"\(sentence.shortened)\" has no {} where the label goes",
        hint: "write it as in --template \"a photo of a {}.\"")
    }
    self.sentences = sentences.isEmpty ? ["{}"] : sentences
  }

  func texts(for label: String) -> [String] { sentences.map { $0.replacing("{}", with: label) } }
}
