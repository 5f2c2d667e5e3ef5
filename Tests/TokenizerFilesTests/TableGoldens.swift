import Foundation
import TestSupport
import Tokenizer
import TokenizerFiles

/// Fixtures/tokenizer/tables/goldens.json: the ids that the original libraries give.
struct TableGoldens: Decodable {
  struct List: Decodable {
    var file: String
    /// One list for each text.
    var ids: [[Int32]]
  }

  /// Base 64.
  private var texts: [String]
  var goldens: [String: List]

  /// UTF-8, or bytes that are not.
  func inputs() throws -> [[UInt8]] {
    try texts.map { text in
      guard let data = Data(base64Encoded: text) else { throw CocoaError(.coderReadCorrupt) }
      return [UInt8](data)
    }
  }

  static func load() throws -> TableGoldens {
    try Fixture.decoded("tokenizer/tables/goldens.json", as: TableGoldens.self)
  }

  static func path(_ file: String) -> String { Fixture.url("tokenizer/tables/" + file).path }

  /// The rules of a list's library.
  static func rules(_ list: String) -> TextRules? {
    var rules = TextRules()
    switch list {
    case "t5.model SiglipTokenizer":
      (rules.letterCase, rules.punctuation, rules.deletesAfterLowerCasing) = (.python, .deleted, true)
      (rules.collapsesWhitespace, rules.writesPrefix) = (true, true)
      rules.typedTokens = ["<unk>", "</s>"]
      rules.padToLength(padID: 1)
    case "t5.model big_vision":
      rules.letterCase = .ascii
      rules.padToLength(padID: 1)
    case "t5.model canonicalized", "t5.json canonicalized":
      (rules.cleans, rules.letterCase, rules.punctuation) = (true, .python, .underscoreToSpace)
      (rules.collapsesWhitespace, rules.recognisesListedTokens) = (true, false)
      rules.padToLength(padID: 1)
    case "gemma.model big_vision":
      rules.letterCase = .ascii
      rules.padToLength(padID: 0)
    case "xlmv.model fairseq":
      (rules.ids, rules.beginID, rules.endID) = (.fairseq, 0, 2)
    case let plain where plain.hasSuffix(" plain"): break
    default: return nil
    }
    return rules
  }
}

extension TextRules {
  fileprivate mutating func padToLength(padID: Int) {
    (endID, self.padID, length) = (1, padID, 64)
  }
}

/// A table and its tokenizer.
struct TableUnderTest {
  let table: [UInt8]
  let tokenizer: TableTokenizer

  init(_ table: [UInt8]) throws {
    self.table = table
    tokenizer = try TableTokenizer(table.span.bytes)
  }

  init(_ file: String, _ rules: TextRules = TextRules()) throws {
    try self.init(TokenizerFile(path: TableGoldens.path(file)).table(rules))
  }

  /// The ids in a buffer of `context`, and the result.
  func ids(_ text: [UInt8], context: Int = 2000) -> (ids: [Int32], result: Tokenizer.Result) {
    var scratch = TableTokenizer.Scratch(tokenizer, contextLength: context)
    var ids = [Int32](repeating: -1, count: context)
    var span = ids.mutableSpan
    let result = tokenizer.tokenize(text.span, table: table.span.bytes, into: &span, scratch: &scratch)
    return (ids, result)
  }

  func ids(_ text: String) -> [Int32] {
    let (ids, result) = ids([UInt8](text.utf8))
    return Array(ids.prefix(result.count))
  }
}
