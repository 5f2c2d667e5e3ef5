/// The UTF-8 bytes of one piece of text and their origins; only the beginning of a long piece.
struct Piece: ~Copyable {
  private(set) var bytes: [UInt8] = []
  /// Byte offset in the original text, one per byte of `bytes`.
  private(set) var offsets: [Int] = []
  /// Offset in the original text of the rest of the piece, if it did not fit; nil if it did.
  private(set) var cutOffset: Int?
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    bytes.reserveCapacity(capacity)
    offsets.reserveCapacity(capacity)
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    cutOffset = nil
  }

  /// Whether there is room for any scalar.
  var hasRoom: Bool { bytes.count + 4 <= capacity }

  /// Drops the rest of the piece, which begins with `scalar`.
  mutating func cut(before scalar: TextScalar) { cutOffset = scalar.offset }

  /// - Precondition: `hasRoom`.
  mutating func append(_ scalar: TextScalar) {
    let value = scalar.value
    if value < 0x80 {
      append(value, scalar.offset)
    } else if value < 0x800 {
      append(0xC0 | value >> 6, scalar.offset)
      append(0x80 | value & 0x3F, scalar.offset)
    } else if value < 0x10000 {
      append(0xE0 | value >> 12, scalar.offset)
      append(0x80 | value >> 6 & 0x3F, scalar.offset)
      append(0x80 | value & 0x3F, scalar.offset)
    } else {
      append(0xF0 | value >> 18, scalar.offset)
      append(0x80 | value >> 12 & 0x3F, scalar.offset)
      append(0x80 | value >> 6 & 0x3F, scalar.offset)
      append(0x80 | value & 0x3F, scalar.offset)
    }
  }

  private mutating func append(_ byte: UInt32, _ offset: Int) {
    bytes.append(UInt8(truncatingIfNeeded: byte))
    offsets.append(offset)
  }

  func equals(_ literal: StaticString) -> Bool {
    guard bytes.count == literal.utf8CodeUnitCount else { return false }
    for index in bytes.indices where bytes[index] != literal.byte(at: index) { return false }
    return true
  }
}
