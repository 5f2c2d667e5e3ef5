internal import Bytes

/// The ZIP64 extension of the end record. A locator before the classic record points to it.
///
/// Other readers use this record even if the classic one suffices, so all its fields are checked.
struct Zip64EndRecord {
  private static let locatorSignature: UInt32 = 0x0706_4B50
  private static let locatorByteCount = 20
  private static let signature: UInt32 = 0x0606_4B50
  private static let byteCount = 56
  /// The signature and the length field, which the record's length does not include.
  private static let uncounted = 12

  /// Offset in the file.
  let position: Int
  let entryCount: UInt64
  let directoryByteCount: UInt64
  /// As written; relative to the first byte of the archive.
  let directoryOffset: UInt64

  /// Nil if there is no locator before `endRecord`, the position of the classic record.
  ///
  /// - Throws: `zipBadEndRecord` or `zipMultipleDisks`.
  init?(before endRecord: Int, in bytes: RawSpan) throws(ReadError) {
    let locator = endRecord - Self.locatorByteCount
    guard locator >= 0, Self.load32(bytes, at: locator) == Self.locatorSignature else { return nil }
    let written = Self.load64(bytes, at: locator + 8)
    position = try Self.position(written: written, locator: locator, in: bytes)
    entryCount = Self.load64(bytes, at: position + 32)
    directoryByteCount = Self.load64(bytes, at: position + 40)
    directoryOffset = Self.load64(bytes, at: position + 48)
    try requireOneDisk(locator: locator, in: bytes)
    try requireAgreement(locator: locator, written: written, in: bytes)
  }

  /// If there are bytes before the archive, the stored offset is too small; the record then ends at the locator.
  private static func position(
    written: UInt64, locator: Int, in bytes: RawSpan
  ) throws(ReadError) -> Int {
    for position in [Int(exactly: written), locator - byteCount] {
      guard let position, position >= 0, position <= locator - byteCount else { continue }
      if load32(bytes, at: position) == signature { return position }
    }
    throw ReadError(.zipBadEndRecord, at: UInt64(locator), expected: "a ZIP64 end record at \(written)")
  }

  private func requireOneDisk(locator: Int, in bytes: RawSpan) throws(ReadError) {
    let disks = (
      this: Self.load32(bytes, at: position + 16), directory: Self.load32(bytes, at: position + 20)
    )
    guard disks == (0, 0) else {
      throw ReadError(.zipMultipleDisks, at: UInt64(position), found: "number \(disks.this) of several")
    }
    let (disk, count) = (Self.load32(bytes, at: locator + 4), Self.load32(bytes, at: locator + 16))
    guard disk == 0, count == 1 else {
      throw ReadError(
        .zipMultipleDisks, at: UInt64(locator), expected: "1 disk in the ZIP64 locator", found: "\(count)")
    }
  }

  private func requireAgreement(locator: Int, written: UInt64, in bytes: RawSpan) throws(ReadError) {
    let length = Self.load64(bytes, at: position + 4)
    guard length >= UInt64(Self.byteCount - Self.uncounted) else {
      throw ReadError(
        .zipBadEndRecord, at: UInt64(position), expected: "at least \(Self.byteCount - Self.uncounted) bytes",
        found: "\(length)")
    }
    let onThisDisk = Self.load64(bytes, at: position + 24)
    guard onThisDisk == entryCount else {
      throw ReadError(
        .zipBadEndRecord, at: UInt64(position), expected: "one count of members",
        found: "\(onThisDisk) and \(entryCount)")
    }
    // The record follows the directory.
    guard checkedSum(directoryOffset, directoryByteCount) == written else {
      throw ReadError(
        .zipBadEndRecord, at: UInt64(locator), expected: "a ZIP64 end record behind the directory",
        found: "one at \(written)")
    }
  }

  private static func load32(_ bytes: RawSpan, at position: Int) -> UInt32 {
    UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
  }

  private static func load64(_ bytes: RawSpan, at position: Int) -> UInt64 {
    UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
  }
}
