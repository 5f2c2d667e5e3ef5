import TestSupport
import Testing
import Tokenizer
import TokenizerFiles

@Suite("Hostile tables") struct HostileTableTests {
  private let text = Array(
    "a small dog \u{732B} caf\u{65}\u{301} ﬁne 12345 \u{2581}\u{2581} </s> --------".utf8)

  /// Any outcome is fine, except a trap, an id outside the vocabulary or a cut outside the text.
  private func run(_ table: [UInt8]) {
    guard let tokenizer = try? TableTokenizer(table.span.bytes) else { return }
    var scratch = TableTokenizer.Scratch(tokenizer, contextLength: 64)
    var ids = [Int32](repeating: 0, count: 64)
    var span = ids.mutableSpan
    let result = tokenizer.tokenize(text.span, table: table.span.bytes, into: &span, scratch: &scratch)
    #expect(ids.allSatisfy { 0..<Int32(tokenizer.vocabularySize) ~= $0 })
    #expect(result.cutOffset.map { 0..<text.count ~= $0 } ?? true)
  }

  @Test(
    "No changed byte of a table makes a trap or an id outside the vocabulary",
    arguments: ["t5.model", "gemma.model"])
  func mutants(file: String) throws {
    var rules = TextRules()
    (rules.endID, rules.padID, rules.length, rules.typedTokens) = (1, 1, 64, ["<unk>"])
    let table = try TableUnderTest(file, rules).table
    var random = SplitMix(seed: 20)
    for index in 0..<TableHeader.byteCount {
      for value: UInt8 in [0, 1, 2, 3, 0x7F, 0xFF] {
        var mutant = table
        mutant[index] = value
        run(mutant)
      }
    }
    for _ in 0..<3000 {
      var mutant = table
      for _ in 0...random.next(below: 40) {
        mutant[random.next(below: mutant.count)] = UInt8(random.next(below: 256))
      }
      run(mutant)
    }
  }

  @Test("No truncation of a table opens with a list outside it")
  func truncations() throws {
    let table = try TableUnderTest("t5.model").table
    for count in stride(from: 0, to: table.count, by: 97) {
      let head = Array(table.prefix(count))
      #expect(throws: TableFault.self) { try TableTokenizer(head.span.bytes) }
    }
  }

  @Test("The header keeps every field")
  func header() throws {
    let table = try TableUnderTest("t5.model").table
    var header = try TableHeader(table.span.bytes)
    header.beginID = 3
    header.punctuation = .underscoreToSpace
    header.letterCase = .scalarwise
    let bytes = header.encoded + table.dropFirst(TableHeader.byteCount)
    #expect(try TableHeader(bytes.span.bytes) == header)
    #expect(bytes.count == table.count)
  }

  @Test("A table is refused for the first field without a meaning, by its offset")
  func badFields() throws {
    let table = try TableUnderTest("t5.model").table
    for (offset, value, fault): (Int, UInt8, TableFault) in [
      (0, 0, .notATable), (4, 9, .notATable), (8, 9, .badField(offset: 8)), (8, 0, .badField(offset: 8)),
      (9, 2, .badField(offset: 9)), (19, 200, .badField(offset: 19)), (43, 1, .badField(offset: 40)),
      (46, 1, .badField(offset: 44)), (64, 1, .badSection(offset: 64)), (71, 1, .badSection(offset: 64)),
      (76, 1, .badSection(offset: 72)),
    ] {
      var mutant = table
      mutant[offset] = value
      #expect(throws: fault) { try TableTokenizer(mutant.span.bytes) }
    }
  }
}
