/// Writes messages of Protocol Buffers: fields as key, then payload; a key is field number × 8 + wire type.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  private enum WireType: UInt64 {
    case varint = 0
    case lengthDelimited = 2
    case fixed32 = 5
  }

  private mutating func key(_ field: UInt64, _ type: WireType) { varint(field << 3 | type.rawValue) }

  /// Seven bits per byte, least significant first; the eighth is set on all but the last.
  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// int32, int64 and enums; negative numbers take ten bytes.
  mutating func integer(_ field: UInt64, _ value: Int) {
    key(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Repeated int64, packed.
  mutating func integers(_ field: UInt64, _ values: [Int]) {
    var packed = ProtobufWriter()
    for value in values { packed.varint(UInt64(bitPattern: Int64(value))) }
    data(field, packed.bytes)
  }

  mutating func float(_ field: UInt64, _ value: Float) {
    key(field, .fixed32)
    bytes += value.bitPattern.littleEndianBytes
  }

  mutating func string(_ field: UInt64, _ value: String) { data(field, Array(value.utf8)) }

  mutating func data(_ field: UInt64, _ value: [UInt8]) {
    prefix(field, byteCount: value.count)
    bytes += value
  }

  mutating func message(_ field: UInt64, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    data(field, inner.bytes)
  }

  /// Key and length of a field whose payload is written separately.
  mutating func prefix(_ field: UInt64, byteCount: Int) {
    key(field, .lengthDelimited)
    varint(UInt64(byteCount))
  }
}
