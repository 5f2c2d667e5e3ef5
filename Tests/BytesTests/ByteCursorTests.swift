import Bytes
import Testing

@Suite("Byte cursor")
struct ByteCursorTests {
  private let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]

  @Test("numbers are little-endian, at any alignment")
  func loads() throws {
    var cursor = ByteCursor(bytes.span.bytes)
    let numbers = (try cursor.readUInt8(), try cursor.readUInt16(), try cursor.readUInt32())
    #expect(numbers == (1, 0x0302, 0x0706_0504))
    let (position, remaining) = (cursor.position, cursor.remaining)
    #expect(position == 7 && remaining == 2)
  }

  @Test("doubles of pickles are big-endian")
  func bigEndianDouble() throws {
    let encoded: [UInt8] = [0x40, 0x04, 0, 0, 0, 0, 0, 0]
    var cursor = ByteCursor(encoded.span.bytes)
    let value = try cursor.readBigEndianDouble()
    #expect(value == 2.5)
  }

  @Test("a load beyond the end reports offset, needed and available bytes, and does not move")
  func endOfData() throws {
    var cursor = ByteCursor(bytes.span.bytes, baseOffset: 100)
    try cursor.skip(6)
    do throws(ByteFault) {
      _ = try cursor.readUInt64()
      Issue.record("8 bytes were read where 3 remain")
    } catch {
      #expect(error == ByteFault(.endOfData, at: 106, needed: 8, available: 3))
    }
    let position = cursor.position
    #expect(position == 6)
  }

  @Test("negative and huge counts are errors, not traps", arguments: [-1, Int.min, Int.max, 10])
  func hostileCounts(count: Int) throws {
    var cursor = ByteCursor(bytes.span.bytes)
    var refusals = 0
    do throws(ByteFault) { try cursor.skip(count) } catch { refusals += 1 }
    do throws(ByteFault) { _ = try cursor.readBytes(count) } catch { refusals += 1 }
    do throws(ByteFault) { try cursor.seek(to: count) } catch { refusals += 1 }
    #expect(refusals == 3)
  }

  @Test("sub-ranges are views of the same bytes")
  func subranges() throws {
    let cursor = ByteCursor(bytes.span.bytes)
    let middle = try cursor.bytes(in: 3..<5)
    let (count, first) = (middle.byteCount, middle.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
    #expect(count == 2 && first == 4)
    var refused = false
    do throws(ByteFault) { _ = try cursor.bytes(in: 3..<10) } catch { refused = error.kind == .outOfRange }
    #expect(refused)
  }

  @Test("a literal is only recognised if it fits")
  func literals() {
    let text = Array("PK".utf8)
    let cursor = ByteCursor(text.span.bytes)
    let fits = cursor.starts(with: "PK")
    let isTooLong = cursor.starts(with: "PK\u{3}")
    #expect(fits && !isTooLong)
  }
}

@Suite("Checked arithmetic")
struct CheckedArithmeticTests {
  @Test("sums and products that do not fit are nil")
  func overflow() {
    #expect(checkedSum(UInt64.max, 1) == nil)
    #expect(checkedProduct(Int.max, 2) == nil)
    #expect(checkedSum(2, 3) == 5 && checkedProduct(2, 3) == 6)
  }

  @Test("ranges must end inside the limit")
  func ranges() {
    #expect(checkedRange(start: 4, count: 4, within: 8) == 4..<8)
    #expect(checkedRange(start: 4, count: 5, within: 8) == nil)
    #expect(checkedRange(start: .max, count: 2, within: .max) == nil)
  }

  @Test("rounding up")
  func rounding() {
    #expect(checkedRoundUp(0, toMultipleOf: 64) == 0)
    #expect(checkedRoundUp(65, toMultipleOf: 64) == 128)
    #expect(checkedRoundUp(.max, toMultipleOf: 64) == nil)
    #expect(checkedRoundUp(1, toMultipleOf: 0) == nil)
  }
}
