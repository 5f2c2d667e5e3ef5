internal import Bytes

/// A central directory entry whose local header is not read yet.
struct ZipDirectoryHeader {
  var name: String
  var method: ZipEntry.Method
  var flags: UInt16
  var crc32: UInt32
  var sizes: ZipSizes
  /// Offset of this header, for messages.
  var headerOffset: UInt64

  /// Bit 3: the local header has no sizes; they follow the data.
  var hasDataDescriptor: Bool { flags & 0x0008 != 0 }
}

/// Reads the central directory, header by header.
struct ZipDirectoryReader {
  private static let headerByteCount = 46
  /// Charged for a member: its headers and its index entry.
  private static let memberBytes = 256

  let end: ZipEndRecord
  let limits: Limits

  /// Headers with offsets from the file's first byte, and the offset of the directory.
  func read(_ bytes: RawSpan) throws(ReadError) -> (headers: [ZipDirectoryHeader], directoryStart: Int) {
    let (range, archiveStart) = try directoryRange()
    try checkEntryCount(directory: range)
    var cursor = ByteCursor(bytes.extracting(range), baseOffset: UInt64(range.lowerBound))
    var headers: [ZipDirectoryHeader] = []
    var names: Set<String> = []
    for _ in 0..<end.entryCount {
      let header = try readHeader(&cursor, archiveStart: archiveStart)
      try limits.charge(
        Self.memberBytes + header.name.utf8.count, for: "zip members", at: header.headerOffset)
      guard names.insert(header.name).inserted else {
        throw ReadError(.zipDuplicateName, at: header.headerOffset, found: header.name)
      }
      headers.append(header)
    }
    guard cursor.isAtEnd else {
      throw ReadError(
        .zipBadCentralDirectory, at: cursor.absoluteOffset,
        expected: "the end after \(end.entryCount) members",
        found: "\(cursor.remaining) more bytes")
    }
    return (headers, range.lowerBound)
  }

  /// The directory's range, and the difference between offsets in the file and in the archive.
  private func directoryRange() throws(ReadError) -> (range: Range<Int>, archiveStart: UInt64) {
    let directoryEnd = UInt64(end.directoryEnd)
    guard let claimed = checkedSum(end.directoryOffset, end.directoryByteCount), claimed <= directoryEnd,
      let length = Int(exactly: end.directoryByteCount)
    else {
      throw ReadError(
        .zipBadCentralDirectory, at: directoryEnd, expected: "a directory that ends at \(directoryEnd)",
        found: "\(end.directoryByteCount) bytes from \(end.directoryOffset)")
    }
    return (end.directoryEnd - length..<end.directoryEnd, directoryEnd - claimed)
  }

  private func checkEntryCount(directory: Range<Int>) throws(ReadError) {
    guard end.entryCount <= UInt64(limits.zipMembers) else {
      throw ReadError(
        .limitExceeded, at: UInt64(directory.lowerBound),
        expected: "at most \(limits.zipMembers) zip members",
        found: "\(end.entryCount)")
    }
    guard end.entryCount <= UInt64(directory.count / Self.headerByteCount) else {
      throw ReadError(
        .zipBadCentralDirectory, at: UInt64(directory.lowerBound),
        expected: "room for \(end.entryCount) members", found: "\(directory.count) bytes")
    }
  }

  private func readHeader(
    _ cursor: inout ByteCursor, archiveStart: UInt64
  ) throws(ReadError) -> ZipDirectoryHeader {
    let offset = cursor.absoluteOffset
    var raw: RawDirectoryHeader
    do throws(ByteFault) {
      raw = try RawDirectoryHeader(&cursor)
    } catch {
      throw ReadError(
        .zipBadCentralDirectory, at: error.byteOffset, expected: "\(error.needed) more bytes of a header",
        found: "\(error.available)")
    }
    guard raw.signature == RawDirectoryHeader.signature else {
      throw ReadError(.zipBadCentralDirectory, at: offset, expected: "a directory header")
    }
    guard raw.disk == 0 else { throw ReadError(.zipMultipleDisks, at: offset) }
    let name = try ZipNames.validated(raw.name, at: offset)
    try limits.requireFewMarks(name, at: offset)
    guard raw.flags & 0x2041 == 0 else {
      throw ReadError(.zipEncrypted, at: offset, path: [.archiveMember(name)])
    }
    guard raw.flags & 0x0020 == 0 else {
      throw ReadError(
        .zipUnsupportedMethod, at: offset, expected: "a complete member", found: "a patch of another one",
        path: [.archiveMember(name)])
    }
    guard let start = checkedSum(raw.sizes.localHeaderOffset, archiveStart) else {
      throw ReadError(.zipMemberOutOfRange, at: offset, path: [.archiveMember(name)])
    }
    raw.sizes.localHeaderOffset = start
    let method = try method(raw, name: name, at: offset)
    return ZipDirectoryHeader(
      name: name, method: method, flags: raw.flags, crc32: raw.crc32, sizes: raw.sizes, headerOffset: offset)
  }

  /// The compression method, after the size checks that depend on it.
  private func method(
    _ raw: RawDirectoryHeader, name: String, at offset: UInt64
  ) throws(ReadError) -> ZipEntry.Method {
    let sizes = raw.sizes
    switch raw.method {
    case 0:
      guard sizes.compressed == sizes.plain else {
        throw ReadError(
          .zipSizeMismatch, at: offset, expected: "\(sizes.plain) stored bytes", found: "\(sizes.compressed)",
          path: [.archiveMember(name)])
      }
      return .stored
    case 8:
      let (product, overflow) = sizes.compressed.multipliedReportingOverflow(by: limits.inflationRatio)
      let allowed = overflow ? UInt64.max : max(product, limits.inflationAllowance)
      guard sizes.plain <= min(allowed, limits.inflatedMemberBytes) else {
        throw ReadError(
          .zipInflationRatio, at: offset,
          expected: "at most \(min(allowed, limits.inflatedMemberBytes)) bytes from \(sizes.compressed)",
          found: "\(sizes.plain)", path: [.archiveMember(name)])
      }
      try limits.inflate(Int(clamping: sizes.plain), at: offset)
      return .deflated
    default:
      throw ReadError(
        .zipUnsupportedMethod, at: offset, expected: "stored (0) or deflate (8)",
        found: "method \(raw.method)",
        path: [.archiveMember(name)])
    }
  }
}
