import CVocabulary
import Foundation
import TestSupport
import Tokenizer

/// Fixtures/tokenizer/openai_tokens.json: the ids of OpenAI's own code for each text.
struct TokenGoldens: Decodable {
  struct Text: Decodable {
    var text: String?
    var hex: String?
    var `repeat`: Int?
    /// Ids without start and end of text; only the first ones if `count` is given.
    var ids: [Int32]
    var count: Int?

    var utf8: [UInt8] {
      if let hex { return bytes(hex: hex) }
      return [UInt8](String(repeating: text ?? "", count: `repeat` ?? 1).utf8)
    }
  }

  var texts: [Text]

  static func load() throws -> TokenGoldens {
    try Fixture.decoded("tokenizer/openai_tokens.json", as: TokenGoldens.self)
  }
}

private func bytes(hex: String) -> [UInt8] {
  let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// OpenAI's 48,894 merges, in the form of a bundle's tensor.
func openAIMerges() -> [UInt16] {
  Array(
    UnsafeBufferPointer(start: cvocabulary_openai_merges(), count: Int(CVOCABULARY_ROW_COUNT) * 2))
}

func openAITokenizer() throws -> Tokenizer {
  try Tokenizer(merges: openAIMerges().span, count: Int(CVOCABULARY_MERGE_COUNT))
}

extension Tokenizer {
  func ids(_ text: [UInt8], contextLength: Int = 77) -> (ids: [Int32], result: Result) {
    var scratch = Scratch(contextLength: contextLength)
    var ids = [Int32](repeating: -1, count: contextLength)
    var span = ids.mutableSpan
    let result = tokenize(text.span, into: &span, scratch: &scratch)
    return (Array(ids.prefix(result.count)), result)
  }

  func ids(_ text: String, contextLength: Int = 77) -> (ids: [Int32], result: Result) {
    ids([UInt8](text.utf8), contextLength: contextLength)
  }
}
