import Testing
import Tokenizer

@Suite("Tokenizer") struct TokenizerTests {
  let tokenizer: Tokenizer

  init() throws {
    tokenizer = try openAITokenizer()
  }

  @Test("Ids equal OpenAI's for every golden text") func idsEqualOpenAIs() throws {
    let goldens = try TokenGoldens.load()
    #expect(goldens.texts.count >= 2_000)
    for golden in goldens.texts {
      let count = golden.count ?? golden.ids.count
      let (ids, result) = tokenizer.ids(golden.utf8, contextLength: count + 2)
      let inner = ids.dropFirst().dropLast().prefix(golden.ids.count)
      #expect(result.count == count + 2 && !result.isTruncated, "\(golden)")
      #expect(Array(inner) == golden.ids, "\(golden)")
      #expect(ids.first == tokenizer.startOfText && ids.last == tokenizer.endOfText)
    }
  }

  @Test("A text too long keeps its first ids, the last of which becomes end of text")
  func truncationKeepsTheFirstIDs() throws {
    for golden in try TokenGoldens.load().texts {
      let (ids, result) = tokenizer.ids(golden.utf8)
      let count = golden.count ?? golden.ids.count
      #expect(result.isTruncated == (count > 75), "\(golden)")
      #expect(ids.count == min(count + 2, 77))
      let expected = [tokenizer.startOfText] + golden.ids.prefix(75) + [tokenizer.endOfText]
      #expect(ids == expected, "\(golden)")
    }
  }

  @Test("Published token goldens match: vocabulary, hello world, photo of a cat")
  func publishedGoldens() {
    #expect(tokenizer.vocabularySize == 49_408)
    #expect(tokenizer.ids("Hello World!").ids == [49406, 3306, 1002, 256, 49407])
    #expect(tokenizer.ids("a photo of a cat").ids == [49406, 320, 1125, 539, 320, 2368, 49407])
  }

  @Test(
    "The cut offset is the start of the text that did not fit",
    arguments: [
      ("a dog runs", 4, 6),  // start, a, dog | runs
      ("  a   dog  runs", 4, 11),
      ("&lt; &amp;gt; x", 3, 5),
      ("x\u{130}y", 3, 1),  // cut between the i and the combining dot of one letter
      ("\u{732B}\u{732B}", 2, 0),
      ("a", 2, 0),
      ("a", 1, 0),
    ])
  func cutOffset(text: String, contextLength: Int, expected: Int) {
    let (ids, result) = tokenizer.ids(text, contextLength: contextLength)
    #expect(result.cutOffset == expected)
    #expect(ids.count == contextLength && ids.last == tokenizer.endOfText)
  }

  @Test("For a word longer than the limit, the ids that fit are OpenAI's")
  func longWords() throws {
    let long = try TokenGoldens.load().texts.filter { !$0.utf8.contains(0x20) && $0.utf8.count > 5000 }
    #expect(long.count >= 6)
    for golden in long {
      let (ids, result) = tokenizer.ids(golden.utf8)
      #expect(ids == [tokenizer.startOfText] + golden.ids.prefix(75) + [tokenizer.endOfText])
      #expect(result.isTruncated)
    }
  }

  @Test("A word of megabytes is truncated without allocating memory for it")
  func megabytes() {
    let word = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000_000)
    let (ids, result) = tokenizer.ids(word)
    #expect(ids.count == 77 && result.isTruncated)
    // With a context that the beginning of the word does not fill, the rest of the word counts as truncated.
    var scratch = Tokenizer.Scratch(contextLength: 77)
    var many = [Int32](repeating: 0, count: 5000)
    var span = many.mutableSpan
    let cut = tokenizer.tokenize(word.span, into: &span, scratch: &scratch)
    #expect(cut.count < 5000 && cut.cutOffset == Tokenizer.longestWord(contextLength: 77) - 3)
  }

  @Test("Of endless marks, only as many are sorted as the context needs")
  func manyMarks() {
    let marks = String(repeating: "\u{327}\u{323}\u{301}\u{345}", count: 1_000_000)
    let (ids, result) = tokenizer.ids("a" + marks)
    #expect(ids.count == 77 && result.isTruncated)
    #expect(ids == tokenizer.ids("a" + marks.unicodeScalars.prefix(4096).map(String.init).joined()).ids)
  }

  @Test("An empty text is start and end of text") func emptyText() {
    #expect(tokenizer.ids("").ids == [49406, 49407])
    #expect(tokenizer.ids(" \u{1C}\u{A0}&nbsp;").ids == [49406, 49407])
    #expect(tokenizer.ids("x", contextLength: 0).result.count == 0)
  }

  @Test("A scratch gives the same ids after any text") func scratchIsClean() throws {
    let goldens = try TokenGoldens.load()
    var scratch = Tokenizer.Scratch(contextLength: 77)
    for golden in goldens.texts.reversed() {
      var ids = [Int32](repeating: 0, count: 77)
      var span = ids.mutableSpan
      let result = tokenizer.tokenize(golden.utf8.span, into: &span, scratch: &scratch)
      #expect(Array(ids.prefix(result.count)) == tokenizer.ids(golden.utf8).ids)
    }
  }
}
