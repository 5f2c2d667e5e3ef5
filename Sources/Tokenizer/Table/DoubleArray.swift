/// A trie of byte strings as a double array of little-endian units, the layout of Darts-clone: sentencepiece's
/// character maps are in it, and the pieces of a table. Read in place; a unit outside the table ends a search.
///
/// A unit: bits 0–7 label, 8 "a value follows", 9 "the offset is shifted by 8 more bits", 10–30 offset; or, with bit 31,
/// a value. The child of a node by a byte c is at (node's offset XOR c); the value is at the offset itself.
struct DoubleArray: Sendable {
  private let offset: Int
  private let unitCount: UInt32

  init(_ section: TableHeader.Section) {
    offset = Int(section.offset)
    unitCount = section.byteCount / 4
  }

  var isEmpty: Bool { unitCount == 0 }

  private static var valueBit: UInt32 { 1 << 31 }

  /// No byte follows a unit outside the trie.
  private func unit(_ index: UInt32, _ table: RawSpan) -> UInt32 {
    index < unitCount ? table.number(at: offset + 4 * Int(index)) : Self.valueBit
  }

  private static func child(of unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 0x200) >> 6) }

  /// A search from the root.
  struct Search {
    fileprivate var position: UInt32
    /// The value of the bytes so far.
    fileprivate(set) var value: UInt32?
  }

  func search(_ table: RawSpan) -> Search {
    Search(position: isEmpty ? unitCount : Self.child(of: unit(0, table)))
  }

  /// Appends a byte. False if no string continues with it.
  func advance(_ search: inout Search, _ byte: UInt8, _ table: RawSpan) -> Bool {
    let position = search.position ^ UInt32(byte)
    let found = unit(position, table)
    guard found & (Self.valueBit | 0xFF) == UInt32(byte) else { return false }
    search.position = position ^ Self.child(of: found)
    search.value = found & 0x100 == 0 ? nil : unit(search.position, table) & ~Self.valueBit
    return true
  }
}
