import Sensitivity
import Testing

@Suite("Elements at even distances") struct SpreadTests {
  @Test(
    "Of eight kinds in turn, eight or fewer elements are of different kinds",
    arguments: [8, 9, 10, 18, 28, 32, 130])
  func kinds(_ total: Int) {
    let list = Array(0..<total)
    for count in 1...8 {
      let chosen = list.spread(count)
      #expect(chosen.count == count && Set(chosen.map { $0 % 8 }).count == count)
    }
  }

  @Test("They reach over at least half of the list, and a short list is complete", arguments: 1...20)
  func range(_ count: Int) {
    let chosen = Array(0..<1000).spread(count)
    #expect(chosen.first == 0 && chosen == chosen.sorted() && Set(chosen).count == count)
    #expect(count == 1 || (chosen.last ?? 0) >= 500 - 1000 / count)
    #expect(Array(0..<count).spread(20) == Array(0..<count))
  }
}
