import Archives
import Foundation
import TestSupport
import Testing
import Tokenizer
import TokenizerFiles

@Suite("tokenizer.json") struct TokenizerJSONTests {
  private func table(_ json: String, _ rules: TextRules = TextRules()) throws(TokenizerFileError) -> [UInt8] {
    try TokenizerFile(MappedFile(copying: Array(json.utf8).span.bytes, path: "test.json")).table(rules)
  }

  private func error(_ json: String) -> TokenizerFileError? {
    do throws(TokenizerFileError) {
      _ = try table(json)
      return nil
    } catch {
      return error
    }
  }

  private static let vocabulary = #""<unk>":0,"a":1,"b":2,"ab":3,"▁":4"#

  private func pairs(
    merges: String = #"["a","b"]"#, vocabulary: String = vocabulary, model: String = "", rest: String = ""
  ) -> String {
    """
    {"version":"1.0","normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"}\(rest),
    "model":{"type":"BPE","unk_token":"<unk>","vocab":{\(vocabulary)},"merges":[\(merges)]\(model)}}
    """
  }

  private func unigram(
    vocabulary: String = #"["<unk>",0],["▁",-1],["a",-2.5]"#, unknown: String = "0",
    normalizer: String = "null"
  ) -> String {
    """
    {"normalizer":\(normalizer),"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"},
    "model":{"type":"Unigram","unk_id":\(unknown),"vocab":[\(vocabulary)]}}
    """
  }

  @Test("Small files have their ids, with merges in both spellings") func small() throws {
    for merges in [#"["a","b"]"#, #""a b""#] {
      let table = try TableUnderTest(table(pairs(merges: merges)))
      #expect(table.ids("ab ba") == [3, 4, 2, 1])
    }
    #expect(try TableUnderTest(table(unigram())).ids("a") == [1, 2])
  }

  @Test("A listed token that text rules leave in a text, and the table would not recognise, is refused")
  func remainingTokens() throws {
    let rules = try #require(TableGoldens.rules("t5.json canonicalized"))
    #expect(throws: Never.self) { try TokenizerFile(path: TableGoldens.path("t5.json")).table(rules) }
    let error = #expect(throws: TokenizerFileError.self) {
      try TokenizerFile(path: TableGoldens.path("gemma.json")).table(rules)
    }
    #expect(error?.code == .unsupported && error?.item?.contains("▁▁") == true)
  }

  @Test("Merges that contradict the vocabulary or each other are refused, with the merge")
  func contradictions() {
    #expect(error(pairs(merges: #"["a","c"]"#))?.expected == "\"c\" in the vocabulary")
    #expect(error(pairs(merges: #"["b","a"]"#))?.description.contains("merge \"b a\"") == true)
    #expect(error(pairs(merges: #"["a","b"],["a","b"]"#))?.code == .contradiction)
    #expect(error(pairs(merges: #""a b c""#))?.code == .malformed)
    #expect(error(pairs(vocabulary: #""<unk>":0,"a":1,"b":1,"ab":3"#))?.code == .contradiction)
    #expect(error(pairs(vocabulary: #""<unk>":0,"a":1,"b":2,"ab":3,"a":4"#))?.code == .contradiction)
    #expect(error(pairs(model: #","byte_fallback":true"#)) == nil)
    #expect(
      error(pairs(vocabulary: Self.vocabulary + #","<0x41>":5"#, model: #","byte_fallback":true"#))?.found
        == "3")
  }

  @Test("Pieces that differ only in how an accent is composed are two pieces")
  func composition() throws {
    let vocabulary = "\"<unk>\":0,\"\u{E9}\":1,\"e\":2,\"\u{301}\":3,\"e\u{301}\":4"
    let table = try TableUnderTest(table(pairs(merges: "[\"e\",\"\u{301}\"]", vocabulary: vocabulary)))
    #expect(table.ids("\u{E9}e\u{301}") == [1, 4])
  }

  @Test("Every step and key outside the closed list is refused by name")
  func closedList() {
    #expect(error(pairs(rest: #","pre_tokenizer":{"type":"ByteLevel"}"#))?.found == "ByteLevel")
    #expect(error(pairs(rest: #","other":1"#))?.item == "key other")
    #expect(error(pairs(model: #","ignore_merges":true"#))?.item == "model key ignore_merges")
    #expect(error(pairs(model: #","end_of_word_suffix":"</w>""#))?.code == .unsupported)
    #expect(error(pairs(rest: #","padding":{"direction":"Left"}"#))?.code == .unsupported)
    #expect(error(unigram(normalizer: #"{"type":"NFKC"}"#))?.found == "NFKC")
    #expect(
      error(unigram(normalizer: #"{"type":"Strip","strip_left":true,"strip_right":true}"#))?.code
        == .unsupported)
    let token = { (option: String) in
      #","added_tokens":[{"id":0,"content":"<unk>","normalized":false\#(option)}]"#
    }
    #expect(error(pairs(rest: token(""))) == nil)
    #expect(error(pairs(rest: token(#","single_word":true"#)))?.code == .unsupported)
    let other = #","added_tokens":[{"id":9,"content":"<new>","normalized":false}]"#
    #expect(error(pairs(rest: other))?.expected == "id 5")
  }

  @Test("Scores that are no numbers and unknown ids without a piece are refused")
  func unigramErrors() {
    for score in ["NaN", "1e999", "-1e400", "\"0\"", "null"] {
      #expect(error(unigram(vocabulary: "[\"<unk>\",0],[\"a\",\(score)]"))?.code == .malformed, "\(score)")
    }
    for unknown in ["null", "-1", "3", "\"0\""] {
      #expect(error(unigram(unknown: unknown))?.code == .contradiction, "\(unknown)")
    }
    #expect(error(unigram(vocabulary: #"["<unk>",0],["a",-1],["a",-2]"#))?.found == "ids 1 and 2")
  }

  @Test("Files that are no JSON, too deep, or no tokenizer are refused")
  func malformed() {
    let deep = String(repeating: "[", count: 100_000)
    for json in [
      "", "{", "[]", "{}", "{\"model\":{}}", "{\"a\":" + deep, "{\"model\":{\"vocab\":{\"a\":-1}}}", "hello",
    ] {
      #expect(error(json) != nil, "\(json.prefix(20))")
    }
    for count in stride(from: 0, to: 120, by: 1) {
      #expect(error(String(pairs().prefix(count))) != nil)
    }
  }

  @Test("No changed byte of a file crashes the reader", arguments: ["t5.json", "gemma.json"])
  func mutants(file: String) throws {
    let bytes = try Fixture.bytes("tokenizer/tables/" + file)
    var random = SplitMix(seed: 2)
    for _ in 0..<200 {
      var mutant = bytes
      for _ in 0...random.next(below: 3) {
        mutant[random.next(below: mutant.count)] = UInt8(random.next(below: 128))
      }
      let mapped = MappedFile(copying: mutant.span.bytes, path: "mutant.json")
      if let found = try? TableUnderTest(TokenizerFile(mapped).table(TextRules())) {
        _ = found.ids("a dog")
      }
    }
  }
}
