internal import Archives

/// The ids before and after a text: the post-processor of a `tokenizer.json`.
struct PostProcessor {
  private(set) var beginID: Int?
  private(set) var endID: Int?

  init(_ value: JSONValue?) throws(TokenizerFileError) {
    guard let value, !value.isNull else { return }
    switch value["type"]?.stringValue {
    case "TemplateProcessing": try readTemplate(value)
    case "RobertaProcessing", "BertProcessing":
      beginID = value["cls"]?.arrayValue?.last?.integerValue
      endID = value["sep"]?.arrayValue?.last?.integerValue
      guard beginID != nil, endID != nil else { throw Self.unsupported(value) }
    case _: throw Self.unsupported(value)
    }
  }

  private mutating func readTemplate(_ value: JSONValue) throws(TokenizerFileError) {
    var hasText = false
    for element in value["single"]?.arrayValue ?? [] {
      if element["Sequence"]?["id"]?.stringValue == "A", !hasText {
        hasText = true
        continue
      }
      guard let name = element["SpecialToken"]?["id"]?.stringValue,
        let ids = value["special_tokens"]?[name]?["ids"]?.arrayValue, ids.count == 1,
        let id = ids[0].integerValue
      else { throw Self.unsupported(value) }
      if hasText, endID == nil {
        endID = id
      } else if !hasText, beginID == nil {
        beginID = id
      } else {
        throw Self.unsupported(value)
      }
    }
    guard hasText else { throw Self.unsupported(value) }
  }

  private static func unsupported(_ value: JSONValue) -> TokenizerFileError {
    TokenizerFileError(
      .unsupported, item: "the post-processor", expected: "at most one id before and after the text",
      found: value["type"]?.stringValue ?? "no type")
  }
}
