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
    var encoded = UTF8Bytes(scalar.value)
    for _ in 0..<encoded.count {
      bytes.append(encoded.next())
      offsets.append(scalar.offset)
    }
  }

  func equals(_ literal: StaticString) -> Bool {
    guard bytes.count == literal.utf8CodeUnitCount else { return false }
    for index in bytes.indices where bytes[index] != literal.byte(at: index) { return false }
    return true
  }
}
