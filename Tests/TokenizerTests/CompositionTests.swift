import CTextTables
import Foundation
import TestSupport
import Testing
import Tokenizer

@Suite("Canonical composition") struct CompositionTests {
  /// Fixtures/tokenizer/composed_tokens.json: digests of OpenAI's ids, with unmodified ftfy.
  private struct Goldens: Decodable {
    struct List: Decodable {
      var texts: Int
      var leftOut: [Int]
      var fnv1a64: String

      enum CodingKeys: String, CodingKey {
        case texts, fnv1a64
        case leftOut = "left out"
      }
    }

    var changed: String
    var decomposable: String
    var letters: String
    var marks: String
    var lists: [String: List]
  }

  private let goldens: Goldens
  private let tokenizer: Tokenizer

  init() throws {
    goldens = try Fixture.decoded("tokenizer/composed_tokens.json", as: Goldens.self)
    tokenizer = try openAITokenizer()
  }

  @Test("Every code point that composition changes") func changed() throws {
    try check("changed", scalars(goldens.changed).map { [$0] })
  }

  @Test("The decomposition of every code point that has one") func decomposed() throws {
    try check("decomposed", scalars(goldens.decomposable).map(decomposition))
  }

  @Test("Every Hangul syllable, in jamo and in two parts") func hangul() throws {
    let syllables = Array(UInt32(0xAC00)..<0xD7A4)
    try check("hangul", syllables.map(decomposition))
    let halves = syllables.map { syllable in
      [syllable - (syllable - 0xAC00) % 28] + decomposition(syllable).dropFirst(2)
    }
    try check("hangul halves", halves)
  }

  @Test("Random letters with up to four marks in any order") func random() throws {
    let letters = goldens.letters.unicodeScalars.map(\.value)
    let marks = goldens.marks.unicodeScalars.map(\.value)
    var state: UInt64 = 12
    func below(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    let texts = (0..<20_000).map { _ in
      var text: [UInt32] = []
      for _ in 0..<(1 + below(6)) {
        text.append(letters[below(letters.count)])
        for _ in 0..<below(5) { text.append(marks[below(marks.count)]) }
      }
      return text
    }
    try check("random", texts)
  }

  @Test("Any number of marks, a text of marks only, references and white space around them")
  func marks() {
    func expectSame(_ text: String, _ composed: String) {
      #expect(
        tokenizer.ids(text, contextLength: 4000).ids == tokenizer.ids(composed, contextLength: 4000).ids)
    }
    expectSame("cafe\u{301} nai\u{308}ve", "caf\u{E9} na\u{EF}ve")
    expectSame("cafe&#x301; &amp; cafe&amp;#769;", "caf\u{E9} & caf\u{E9}")
    expectSame("\u{212B}\u{2126}\u{212A}\u{37E}", "\u{C5}\u{3A9}K;")
    expectSame("a\u{2001}\u{2000} \u{304B}\u{3099}", "a \u{304C}")
    // U+0958 is excluded from composition; a mark between two of one class blocks the second.
    expectSame("\u{958}", "\u{915}\u{93C}")
    expectSame("a\u{35C}\u{315}\u{300}\u{5AE}b", "\u{E0}\u{5AE}\u{315}\u{35C}b")
    expectSame("\u{301}\u{323}e\u{301}\u{301}", "\u{323}\u{301}\u{E9}\u{301}")
    let many = 500
    expectSame(
      "e" + String(repeating: "\u{301}\u{323}", count: many),
      "\u{1EB9}" + String(repeating: "\u{323}", count: many - 1)
        + String(repeating: "\u{301}", count: many))
  }

  @Test("A cut has the offset of the composed character's beginning") func cutOffset() {
    #expect(tokenizer.ids("cafe\u{301} e\u{323}\u{301} x", contextLength: 3).result.cutOffset == 7)
  }

  @Test("The quick checks agree with the tables for every code point") func quickChecks() {
    for scalar in UInt32(0)..<0x110000 where !(0xD800..<0xE000).contains(scalar) {
      var parts: [UInt32] = [0, 0, 0, 0]
      let count = ct_decompose(scalar, &parts)
      var composed = parts[0]
      for part in parts[1..<count] where composed != CT_NO_SCALAR { composed = ct_compose(composed, part) }
      if composed != scalar { #expect(ct_may_change_in_composition(scalar), "\(scalar)") }
      for part in parts[1..<count] where composed == scalar {
        #expect(ct_may_change_in_composition(part), "\(part) of \(scalar)")
      }
    }
  }

  private func check(_ name: String, _ texts: [[UInt32]]) throws {
    let list = try #require(goldens.lists[name])
    let leftOut = Set(list.leftOut)
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ value: Int) {
      for shift in stride(from: 0, to: 32, by: 8) {
        digest = (digest ^ UInt64(value >> shift & 0xFF)) &* 0x100_0000_01B3
      }
    }
    var count = 0
    for (index, text) in texts.enumerated() where !leftOut.contains(index) {
      var string = String.UnicodeScalarView()
      string.append(contentsOf: text.compactMap(UnicodeScalar.init))
      let ids = tokenizer.ids([UInt8](String(string).utf8), contextLength: 200).ids.dropFirst().dropLast()
      add(ids.count)
      for id in ids { add(Int(id)) }
      count += 1
    }
    #expect(count == list.texts)
    // Scripts/check/check_composition.py lists the texts that differ.
    #expect(String(digest, radix: 16) == String(list.fnv1a64.drop { $0 == "0" }))
  }

  private func scalars(_ ranges: String) -> [UInt32] {
    ranges.split(separator: " ").flatMap { range in
      let ends = range.split(separator: "-").compactMap { UInt32($0, radix: 16) }
      return Array((ends.first ?? 0)...(ends.last ?? 0))
    }
  }

  /// Foundation's. Its Unicode version is later, but decompositions of existing characters never change.
  private func decomposition(_ scalar: UInt32) -> [UInt32] {
    guard let scalar = UnicodeScalar(scalar) else { return [] }
    return String(Character(scalar)).decomposedStringWithCanonicalMapping.unicodeScalars.map(\.value)
  }
}
