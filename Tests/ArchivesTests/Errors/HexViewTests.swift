import Archives
import Testing

@Suite("The bytes around an invalid byte")
struct HexViewTests {
  private func lines(_ bytes: [UInt8], at offset: UInt64, _ note: String = "wrong") -> [String] {
    HexView.lines(of: bytes.span.bytes, around: offset, note: note)
  }

  @Test("are complete rows of sixteen, with the byte marked below its digits")
  func wholeView() {
    let bytes = [UInt8](0..<40)
    #expect(
      lines(bytes, at: 25, "expected 7, found 25") == [
        "00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|",
        "00000010  10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  |................|",
        "                                      ^^ byte 25 (0x19): expected 7, found 25",
        "00000020  20 21 22 23 24 25 26 27                           | !\"#$%&'|",
      ])
  }

  @Test("are marked at every column below the digits of the byte", arguments: 0..<16)
  func columns(column: Int) throws {
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes[column] = 0xEE
    let view = lines(bytes, at: UInt64(column))
    let digits = try #require(view[0].utf8.firstIndex(of: UInt8(ascii: "e")))
    let mark = try #require(view[1].utf8.firstIndex(of: UInt8(ascii: "^")))
    #expect(
      view[0].utf8.distance(from: view[0].startIndex, to: digits)
        == view[1].utf8.distance(from: view[1].startIndex, to: mark))
  }

  @Test("show bytes only as hexadecimal or printable ASCII")
  func hostileBytes() {
    let view = lines([UInt8](0...255), at: 0x88)
    #expect(view.count == 8)
    for line in view { #expect(line.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(line)") }
  }

  @Test("have at most seven rows, for any file size and offset")
  func bounded() {
    let bytes = [UInt8](repeating: 0x41, count: 5000)
    for offset in [0, 1, 15, 16, 47, 48, 2500, 4990, 4999] as [UInt64] {
      let view = lines(bytes, at: offset)
      #expect((5...8).contains(view.count) && view.contains { $0.contains("^^ byte \(offset) ") })
    }
  }

  @Test("end at the end of the file, and an offset after the end is marked as such")
  func endOfFile() {
    #expect(
      lines([1, 2, 3], at: 3, "expected 8 bytes") == [
        "00000000  01 02 03                                          |...|",
        "                   ^^ byte 3 (0x3), where the file ends: expected 8 bytes",
      ])
    #expect(lines([1], at: 100)[1].hasSuffix("^^ byte 100 (0x64), 99 behind the end of the file: wrong"))
    #expect(lines([1], at: .max).count == 2)
    #expect(lines([], at: 0) == ["          ^^ byte 0 (0x0), where the file ends: wrong"])
  }
}
