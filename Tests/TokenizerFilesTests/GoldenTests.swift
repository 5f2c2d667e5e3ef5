import Testing
import Tokenizer
import TokenizerFiles

@Suite("Tables against the original libraries") struct GoldenTests {
  private let goldens: TableGoldens

  init() throws {
    goldens = try TableGoldens.load()
  }

  @Test("Ids equal those of sentencepiece, tokenizers and transformers for every golden text")
  func idsEqual() throws {
    let inputs = try goldens.inputs()
    #expect(inputs.count >= 65)
    for (name, list) in goldens.goldens.sorted(by: { $0.key < $1.key }) {
      let rules = try #require(TableGoldens.rules(name), "\(name)")
      let table = try TableUnderTest(list.file, rules)
      #expect(list.ids.count == inputs.count)
      for (text, expected) in zip(inputs, list.ids) {
        let (ids, result) = table.ids(text, context: rules.length ?? 2000)
        let found = Array(ids.prefix(rules.length ?? result.count))
        #expect(found == expected, "\(name): \(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test("A text too long keeps its first ids and the end of text, and the offset says where it was cut")
  func truncation() throws {
    var rules = TextRules()
    (rules.endID, rules.padID, rules.length) = (1, 1, 64)
    let table = try TableUnderTest("t5.model", rules)
    for count in [1, 2, 10, 61, 62, 63, 64, 65, 100] {
      let text = Array(String(repeating: "photo ", count: count).utf8)
      let (ids, result) = table.ids(text, context: 64)
      let photo = try #require(table.ids("photo").first)
      #expect(ids.prefix(min(count, 63)).allSatisfy { $0 == photo })
      #expect(ids[min(count, 63)] == 1 && result.count == min(count, 63) + 1)
      #expect(ids.dropFirst(result.count).allSatisfy { $0 == 1 })
      // The space before the word that does not fit belongs to it.
      #expect(result.cutOffset == (count > 63 ? 6 * 63 - 1 : nil))
    }
  }

  @Test("A word of a megabyte is cut, and its first ids are those of a shorter one")
  func longWords() throws {
    for file in ["t5.model", "gemma.model"] {
      let table = try TableUnderTest(file)
      for unit in ["ab", "x", "\u{732B}"] {
        let short = table.ids(Array(String(repeating: unit, count: 1000).utf8), context: 64)
        let long = table.ids(Array(String(repeating: unit, count: 1 << 19).utf8), context: 64)
        #expect(long.result.cutOffset == short.result.cutOffset && long.result.count == short.result.count)
        #expect(long.result.isTruncated && long.ids == short.ids, "\(file) \(unit)")
      }
    }
  }

  @Test("A text of many words is read to its end or until the ids are full")
  func longTexts() throws {
    let table = try TableUnderTest("gemma.model")
    let text = Array(String(repeating: "a small dog ", count: 100_000).utf8)
    let (ids, result) = table.ids(text, context: 300)
    #expect(result.count == 300 && result.isTruncated)
    let short = table.ids(Array(text.prefix(12 * 200)), context: 300)
    #expect(ids == short.ids)
  }

  @Test("Working memory of another kind gives no ids")
  func otherScratch() throws {
    let table = try TableUnderTest("t5.model")
    let tokenizer = TextTokenizer.table(table.tokenizer)
    let other = TextTokenizer.table(try TableUnderTest("gemma.model").tokenizer)
    #expect(tokenizer.vocabularySize == 600)
    var scratch = TextTokenizer.Scratch(tokenizer, contextLength: 64)
    var ids = [Int32](repeating: -1, count: 64)
    var span = ids.mutableSpan
    let text = Array("a photo".utf8)
    let result = tokenizer.tokenize(text.span, table: table.table.span.bytes, into: &span, scratch: &scratch)
    #expect(result.count > 1 && !result.isTruncated)
    #expect(TextTokenizer.Scratch.byteCount(other, contextLength: 64) > 4096)
  }
}
