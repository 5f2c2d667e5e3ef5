internal import Bytes

/// The end of central directory record, with its ZIP64 extension: where the central directory lies.
struct ZipEndRecord {
  static let signature: UInt32 = 0x0605_4B50
  static let byteCount = 22
  /// The record's comment length has 16 bits.
  static let longestComment = 65_535

  private static let locatorSignature: UInt32 = 0x0706_4B50
  private static let locatorByteCount = 20
  private static let zip64Signature: UInt32 = 0x0606_4B50
  private static let zip64ByteCount = 56

  /// Members of the archive.
  var entryCount: UInt64
  var directoryByteCount: UInt64
  /// As written; relative to the first byte of the archive, which need not be the first byte of the file.
  var directoryOffset: UInt64
  /// Where the directory ends in the file: at the ZIP64 record or at this one.
  var directoryEnd: Int

  /// The record's position, or nil when the file has none: the last one whose comment ends with the file.
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

  /// Takes over the 64-bit values, which must equal those of the classic record wherever that one is not saturated.
  private mutating func applyZip64(endRecordPosition: Int, in bytes: RawSpan) throws(ReadError) {
    guard let record = try Self.zip64Position(endRecordPosition: endRecordPosition, in: bytes) else { return }
    let wide: (entries: UInt64, byteCount: UInt64, offset: UInt64)
    do throws(ByteFault) {
      var cursor = ByteCursor(bytes)
      try cursor.seek(to: record + 32)
      wide = (try cursor.readUInt64(), try cursor.readUInt64(), try cursor.readUInt64())
    } catch {
      throw ReadError(.zipBadEndRecord, at: UInt64(record))
    }
    guard entryCount == 0xFFFF || entryCount == wide.entries,
      directoryByteCount == 0xFFFF_FFFF || directoryByteCount == wide.byteCount,
      directoryOffset == 0xFFFF_FFFF || directoryOffset == wide.offset
    else {
      throw ReadError(
        .zipBadEndRecord, at: UInt64(record), expected: "the same counts in both end records",
        found: "\(entryCount) and \(wide.entries) members")
    }
    entryCount = wide.entries
    directoryByteCount = wide.byteCount
    directoryOffset = wide.offset
    directoryEnd = record
  }

  /// Where the ZIP64 record is, nil when the file has no locator for one.
  private static func zip64Position(
    endRecordPosition: Int, in bytes: RawSpan
  ) throws(ReadError) -> Int? {
    let locator = endRecordPosition - locatorByteCount
    guard locator >= 0, load32(bytes, at: locator) == locatorSignature else { return nil }
    let written = UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: locator + 8, as: UInt64.self))
    // With bytes before the archive the written offset is too small; the record then ends at the locator.
    for position in [Int(exactly: written), locator - zip64ByteCount] {
      guard let position, position >= 0, position <= locator - zip64ByteCount else { continue }
      if load32(bytes, at: position) == zip64Signature { return position }
    }
    throw ReadError(.zipBadEndRecord, at: UInt64(locator), expected: "a ZIP64 end record at \(written)")
  }

  private static func load32(_ bytes: RawSpan, at position: Int) -> UInt32 {
    UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
  }
}
