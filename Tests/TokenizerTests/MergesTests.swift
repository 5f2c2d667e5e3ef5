import CVocabulary
import Testing
import Tokenizer

@Suite("Merge lists") struct MergesTests {
  private func fault(_ merges: [UInt16], count: Int) -> MergesFault? {
    do {
      _ = try Tokenizer(merges: merges.span, count: count)
      return nil
    } catch {
      return error
    }
  }

  @Test("Padding rows follow the embedded merges") func fillerRows() {
    #expect(openAIMerges().suffix(4) == [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF])
    #expect(openAIMerges().prefix(2) == [72, 77])  // i n
  }

  @Test("A row that joins tokens of later rows is an error") func laterTokens() {
    #expect(fault([1, 512], count: 1) == .idNotYetDefined(row: 0, id: 512))
    #expect(fault([1, 2, 512, 513], count: 2) == .idNotYetDefined(row: 1, id: 513))
    #expect(fault([1, 2, 512, 512], count: 2) == nil)
  }

  @Test("Padding within the count is an error") func fillerWithinCount() {
    let count = Int(CVOCABULARY_ROW_COUNT)
    #expect(fault(openAIMerges(), count: count) == .idNotYetDefined(row: count - 2, id: 0xFFFF))
  }

  @Test("A repeated pair is an error") func repeatedPair() {
    #expect(fault([1, 2, 3, 2, 1, 2], count: 3) == .repeatedPair(row: 2))
    #expect(fault([1, 2, 2, 2, 3, 2], count: 3) == nil)
  }

  @Test("A count that the values or 16-bit ids cannot hold is an error") func badCounts() {
    #expect(fault([1, 2], count: 2) == .badCount(merges: 2, values: 2))
    #expect(fault([1, 2], count: -1) == .badCount(merges: -1, values: 2))
    let many = [UInt16](repeating: 0, count: 140_000)
    #expect(fault(many, count: 65_023) == .badCount(merges: 65_023, values: 140_000))
  }

  @Test("Without merges there are only byte tokens") func noMerges() throws {
    let tokenizer = try Tokenizer(merges: [UInt16]().span, count: 0)
    #expect(tokenizer.ids("ab").ids == [512, 64, 65 + 256, 513])
  }
}
