internal import Bytes

/// The end of central directory record with its ZIP64 extension, which states the position of the central directory.
struct ZipEndRecord {
  static let signature: UInt32 = 0x0605_4B50
  static let byteCount = 22
  /// The comment length has 16 bits.
  static let longestComment = 65_535

  /// Members of the archive.
  var entryCount: UInt64
  var directoryByteCount: UInt64
  /// As stored: relative to the first byte of the archive, which can differ from the first byte of the file.
  var directoryOffset: UInt64
  /// End of the directory in the file: the position of the ZIP64 record or of this one.
  var directoryEnd: Int

  /// The record's position: the last one whose comment ends with the file; nil if there is none.
  static func find(in bytes: RawSpan) -> Int? {
    let last = bytes.byteCount - byteCount
    guard last >= 0 else { return nil }
    for position in stride(from: last, through: max(0, last - longestComment), by: -1) {
      guard bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self) == 0x50 else { continue }
      let signature = bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self)
      guard UInt32(littleEndian: signature) == Self.signature else { continue }
      let comment = bytes.unsafeLoadUnaligned(fromByteOffset: position + 20, as: UInt16.self)
      if position + byteCount + Int(UInt16(littleEndian: comment)) == bytes.byteCount { return position }
    }
    return nil
  }

  /// Reads the record at `position`.
  ///
  /// - Throws: `zipBadEndRecord` or `zipMultipleDisks`.
  init(at position: Int, in bytes: RawSpan) throws(ReadError) {
    let disks: (this: UInt16, directory: UInt16, entries: UInt16)
    do throws(ByteFault) {
      var cursor = ByteCursor(bytes)
      try cursor.seek(to: position + 4)
      disks = (try cursor.readUInt16(), try cursor.readUInt16(), try cursor.readUInt16())
      entryCount = UInt64(try cursor.readUInt16())
      directoryByteCount = UInt64(try cursor.readUInt32())
      directoryOffset = UInt64(try cursor.readUInt32())
      directoryEnd = position
    } catch {
      throw ReadError(.zipBadEndRecord, at: UInt64(position))
    }
    guard disks.this == 0, disks.directory == 0 else {
      throw ReadError(.zipMultipleDisks, at: UInt64(position), found: "number \(disks.this) of several")
    }
    guard UInt64(disks.entries) == entryCount else {
      throw ReadError(
        .zipBadEndRecord, at: UInt64(position), expected: "one count of members",
        found: "\(disks.entries) and \(entryCount)")
    }
    try applyZip64(endRecordPosition: position, in: bytes)
  }

  /// Uses the 64-bit values, which must equal those of the classic record unless these are saturated.
  private mutating func applyZip64(endRecordPosition: Int, in bytes: RawSpan) throws(ReadError) {
    guard let wide = try Zip64EndRecord(before: endRecordPosition, in: bytes) else { return }
    guard entryCount == 0xFFFF || entryCount == wide.entryCount,
      directoryByteCount == 0xFFFF_FFFF || directoryByteCount == wide.directoryByteCount,
      directoryOffset == 0xFFFF_FFFF || directoryOffset == wide.directoryOffset
    else {
      throw ReadError(
        .zipBadEndRecord, at: UInt64(wide.position), expected: "the same counts in both end records",
        found: "\(entryCount) and \(wide.entryCount) members")
    }
    entryCount = wide.entryCount
    directoryByteCount = wide.directoryByteCount
    directoryOffset = wide.directoryOffset
    directoryEnd = wide.position
  }
}
