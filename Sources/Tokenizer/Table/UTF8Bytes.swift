/// The UTF-8 bytes of a scalar, first byte in the lowest bits.
struct UTF8Bytes {
  private var bits: UInt32
  let count: Int

  init(_ scalar: UInt32) {
    if scalar < 0x80 {
      (bits, count) = (scalar, 1)
    } else if scalar < 0x800 {
      (bits, count) = (0xC0 | scalar >> 6 | Self.last(scalar) << 8, 2)
    } else if scalar < 0x10000 {
      bits = 0xE0 | scalar >> 12 | Self.last(scalar >> 6) << 8 | Self.last(scalar) << 16
      count = 3
    } else {
      bits = 0xF0 | scalar >> 18 & 7 | Self.last(scalar >> 12) << 8
      bits |= Self.last(scalar >> 6) << 16 | Self.last(scalar) << 24
      count = 4
    }
  }

  private static func last(_ value: UInt32) -> UInt32 { 0x80 | value & 0x3F }

  /// Removes the first byte.
  mutating func next() -> UInt8 {
    let byte = UInt8(truncatingIfNeeded: bits)
    bits >>= 8
    return byte
  }
}

/// The bytes of the UTF-8 character that begins with `lead`.
func characterLength(_ lead: UInt8) -> Int {
  lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
}
