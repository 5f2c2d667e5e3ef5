/// The orientation that EXIF data (a TIFF file of its own) states, whatever its value; nil where it states none or is
/// ill-formed.
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
    // A short by the standard; Pillow takes the other whole numbers too.
    let byteCounts = [1: 1, 3: 2, 4: 4]
    return byteCounts[type].flatMap { integer(at: entry + 8, byteCount: $0) }
  }
  return nil
}
