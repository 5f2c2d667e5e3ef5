/// The orientation in EXIF data (a TIFF file), with any value; nil if there is none or the data is malformed.
func exifOrientation(_ bytes: [UInt8]) -> Int? {
  guard bytes.count >= 8 else { return nil }
  let isLittleEndian = bytes[0] == UInt8(ascii: "I")
  guard bytes[0] == bytes[1], isLittleEndian || bytes[0] == UInt8(ascii: "M") else { return nil }

  func integer(at offset: Int, byteCount: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - byteCount else { return nil }
    let part = bytes[offset..<offset + byteCount]
    return isLittleEndian
      ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
  }

  guard integer(at: 2, byteCount: 2) == 42, let directory = integer(at: 4, byteCount: 4),
    let entryCount = integer(at: directory, byteCount: 2)
  else { return nil }
  for index in 0..<entryCount {
    let entry = directory + 2 + 12 * index
    guard let tag = integer(at: entry, byteCount: 2), let type = integer(at: entry + 2, byteCount: 2) else {
      return nil
    }
    guard tag == 0x0112 else { continue }
    // The standard requires a short; Pillow also accepts the other integer types.
    let byteCounts = [1: 1, 3: 2, 4: 4]
    return byteCounts[type].flatMap { integer(at: entry + 8, byteCount: $0) }
  }
  return nil
}
