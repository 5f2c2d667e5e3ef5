import SystemPath
import Testing

@Suite("Paths that are not UTF-8") struct SystemPathTests {
  private func bytes(_ text: String) -> [UInt8] {
    text.withSystemPath { pointer in
      var bytes: [UInt8] = []
      var next = pointer
      while next.pointee != 0 {
        bytes.append(UInt8(bitPattern: next.pointee))
        next += 1
      }
      return bytes
    }
  }

  @Test("Every name of one or two bytes survives a round trip, and no two have the same text")
  func shortNames() {
    var texts: Set<[UInt8]> = []
    let all = UInt8(1)...UInt8.max
    let names = all.map { [$0] } + all.flatMap { first in all.map { [first, $0] } }
    for name in names {
      let text = SystemPath.text(name)
      #expect(bytes(text) == name)
      texts.insert(Array(text.utf8))
    }
    #expect(texts.count == names.count)
  }

  @Test(
    "UTF-8 is unchanged, any other byte becomes one private scalar",
    arguments: [
      ([0x61, 0xE9, 0x62], "a\u{10FEE9}b"), (Array("é😀".utf8), "é😀"),
      ([0xC3, 0xA9, 0xC3], "é\u{10FEC3}"), ([0xED, 0xA0, 0x80], "\u{10FEED}\u{10FEA0}\u{10FE80}"),
      ([0xF4, 0x8F, 0xBA, 0x80], "\u{10FEF4}\u{10FE8F}\u{10FEBA}\u{10FE80}"),
      (Array("\u{10FE7F}\u{10FF00}".utf8), "\u{10FE7F}\u{10FF00}"),
    ] as [([UInt8], String)])
  func escapes(_ name: [UInt8], _ text: String) {
    #expect(SystemPath.text(name).utf8.elementsEqual(text.utf8))
    #expect(bytes(text) == name)
  }
}
