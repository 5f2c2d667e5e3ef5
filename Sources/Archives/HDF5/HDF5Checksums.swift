extension HDF5Cursor {
  /// Compares the checksum at the position with the bytes from `start` up to it.
  ///
  /// - Throws: `hdf5Checksum`.
  mutating func checkSum(from start: Int, of kind: String) throws(ReadError) {
    let computed = HDF5Checksum.lookup3(file.bytes.extracting(start..<position))
    let end = offset
    let stated = try small(4)
    guard Int(computed) == stated else {
      throw ReadError(
        .hdf5Checksum, at: end, expected: "checksum \(stated) of a \(kind)", found: "\(computed)")
    }
  }
}

/// The two checksums of the format.
enum HDF5Checksum {
  /// Bob Jenkins's lookup3 (`hashlittle` with seed 0), over metadata.
  static func lookup3(_ bytes: RawSpan) -> UInt32 {
    let seed = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.byteCount)
    var state = Lookup3(a: seed, b: seed, c: seed)
    var position = 0
    while bytes.byteCount - position > 12 {
      state.add(bytes.extracting(position..<position + 12))
      state.mix()
      position += 12
    }
    guard position < bytes.byteCount else { return state.c }
    state.add(bytes.extracting(position..<bytes.byteCount))
    state.finish()
    return state.c
  }

  /// Fletcher's checksum of big-endian 16-bit words, over filtered chunks; an odd last byte is a word's high byte.
  static func fletcher32(_ bytes: RawSpan) -> UInt32 {
    var low: UInt32 = 0
    var high: UInt32 = 0
    var position = 0
    while position < bytes.byteCount {
      // The sums cannot overflow within this many words.
      let end = min(position + 720, bytes.byteCount)
      while position < end {
        let first = UInt32(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)) << 8
        let second =
          position + 1 < end ? UInt32(bytes.unsafeLoad(fromByteOffset: position + 1, as: UInt8.self)) : 0
        low &+= first | second
        high &+= low
        position += 2
      }
      low = (low & 0xFFFF) &+ (low >> 16)
      high = (high & 0xFFFF) &+ (high >> 16)
    }
    low = (low & 0xFFFF) &+ (low >> 16)
    high = (high & 0xFFFF) &+ (high >> 16)
    return high << 16 | low
  }
}

/// The three words of lookup3.
private struct Lookup3 {
  var a: UInt32
  var b: UInt32
  var c: UInt32

  /// Adds up to 12 bytes, little-endian.
  mutating func add(_ bytes: RawSpan) {
    for index in 0..<bytes.byteCount {
      let byte = UInt32(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) << UInt32(8 * (index % 4))
      switch index / 4 {
      case 0: a &+= byte
      case 1: b &+= byte
      default: c &+= byte
      }
    }
  }

  mutating func mix() {
    a = (a &- c) ^ rotated(c, 4)
    c &+= b
    b = (b &- a) ^ rotated(a, 6)
    a &+= c
    c = (c &- b) ^ rotated(b, 8)
    b &+= a
    a = (a &- c) ^ rotated(c, 16)
    c &+= b
    b = (b &- a) ^ rotated(a, 19)
    a &+= c
    c = (c &- b) ^ rotated(b, 4)
    b &+= a
  }

  mutating func finish() {
    c = (c ^ b) &- rotated(b, 14)
    a = (a ^ c) &- rotated(c, 11)
    b = (b ^ a) &- rotated(a, 25)
    c = (c ^ b) &- rotated(b, 16)
    a = (a ^ c) &- rotated(c, 4)
    b = (b ^ a) &- rotated(a, 14)
    c = (c ^ b) &- rotated(b, 24)
  }

  private func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
}
