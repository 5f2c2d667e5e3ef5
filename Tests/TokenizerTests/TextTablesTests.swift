import CTextTables
import Foundation
import TestSupport
import Testing
import Tokenizer

@Suite("Unicode tables") struct TextTablesTests {
  private struct Facts: Decodable {
    var scalars: Int
    var fnv1a64: String
  }

  @Test("Class, casing, spaces and lower case of every code point equal Python's")
  func everyCodePoint() throws {
    let facts = try Fixture.decoded("tokenizer/unicode.json", as: Facts.self)
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let scalars = [0..<UInt32(0xD800), 0xE000..<0x110000].joined()
    for scalar in scalars {
      add(UInt8(ct_piece_class(scalar).rawValue))
      add(UInt8(ct_casing_of(scalar).rawValue))
      add((ct_is_regex_space(scalar) ? 1 : 0) | (ct_is_python_space(scalar) ? 2 : 0))
      let lower = ct_lower(scalar)
      for shift in stride(from: UInt32(0), to: 32, by: 8) { add(UInt8(truncatingIfNeeded: lower >> shift)) }
    }
    #expect(scalars.count == facts.scalars)
    #expect(String(digest, radix: 16) == facts.fnv1a64)
  }

  @Test("Values that are not code points are harmless") func beyondUnicode() {
    for value: UInt32 in [0xD800, 0x110000, 0xFFFF_FFFF] {
      #expect(ct_piece_class(value) == .CT_OTHER)
      #expect(ct_lower(value) == value)
      #expect(ct_casing_of(value) == .CT_UNCASED)
    }
  }

  @Test("The tokenizer states the tables' Unicode versions") func versions() {
    #expect(Tokenizer.unicodeVersion.description == String(cString: ct_unicode_version()))
  }
}
