internal import Bytes

/// The fields of a central directory header as stored in the file.
struct RawDirectoryHeader {
  static let signature: UInt32 = 0x0201_4B50

  var signature: UInt32
  var flags: UInt16
  var method: UInt16
  var crc32: UInt32
  var sizes: ZipSizes
  var disk: UInt16
  var name: [UInt8]

  init(_ cursor: inout ByteCursor) throws(ByteFault) {
    signature = try cursor.readUInt32()
    try cursor.skip(4)  // versions
    flags = try cursor.readUInt16()
    method = try cursor.readUInt16()
    try cursor.skip(4)  // time and date
    crc32 = try cursor.readUInt32()
    sizes = ZipSizes(
      compressed: UInt64(try cursor.readUInt32()), plain: UInt64(try cursor.readUInt32()),
      localHeaderOffset: 0)
    let nameLength = Int(try cursor.readUInt16())
    let extraLength = Int(try cursor.readUInt16())
    let commentLength = Int(try cursor.readUInt16())
    disk = try cursor.readUInt16()
    try cursor.skip(6)  // attributes
    sizes.localHeaderOffset = UInt64(try cursor.readUInt32())
    name = try cursor.readBytes(nameLength).withUnsafeBytes { Array($0) }
    var extra = ByteCursor(try cursor.readBytes(extraLength), baseOffset: cursor.absoluteOffset)
    try sizes.widen(by: &extra)
    try cursor.skip(commentLength)
  }
}

/// Sizes and position of a member, 64-bit.
struct ZipSizes {
  private static let saturated: UInt64 = 0xFFFF_FFFF
  private static let zip64ExtraID: UInt16 = 0x0001

  var compressed: UInt64
  var plain: UInt64
  var localHeaderOffset: UInt64

  /// Replaces each saturated field, in this order, by the next eight bytes of the ZIP64 extra field.
  mutating func widen(by extra: inout ByteCursor) throws(ByteFault) {
    while extra.remaining >= 4 {
      let id = try extra.readUInt16()
      let length = Int(try extra.readUInt16())
      let offset = extra.absoluteOffset
      var field = ByteCursor(try extra.readBytes(length), baseOffset: offset)
      guard id == Self.zip64ExtraID else { continue }
      if plain == Self.saturated { plain = try field.readUInt64() }
      if compressed == Self.saturated { compressed = try field.readUInt64() }
      if localHeaderOffset == Self.saturated { localHeaderOffset = try field.readUInt64() }
      return
    }
  }
}

/// Rules for member names: they must be usable as relative paths on any system, without leaving a folder.
enum ZipNames {
  static func validated(_ bytes: [UInt8], at offset: UInt64) throws(ReadError) -> String {
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw ReadError(
        .zipUnsafeName, at: offset, expected: "UTF-8", found: String(decoding: bytes, as: UTF8.self))
    }
    let isAbsolute = bytes.first == UInt8(ascii: "/") || (bytes.count > 1 && bytes[1] == UInt8(ascii: ":"))
    let climbs = bytes.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    let isOdd = bytes.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }
    guard !bytes.isEmpty, !isAbsolute, !climbs, !isOdd else {
      throw ReadError(.zipUnsafeName, at: offset, expected: "a plain relative path", found: name)
    }
    return name
  }
}
