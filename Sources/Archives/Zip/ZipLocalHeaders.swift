internal import Bytes

/// Finds each member's data after its local header, and checks that headers and directory agree and that members do
/// not overlap.
enum ZipLocalHeaders {
  static func locate(
    _ headers: [ZipDirectoryHeader], directoryStart: Int, in bytes: RawSpan
  ) throws(ReadError) -> [ZipEntry] {
    var entries: [ZipEntry] = []
    var spans: [(start: Int, end: Int, name: String)] = []
    for header in headers {
      do throws(ReadError) {
        let start = Int(clamping: header.sizes.localHeaderOffset)
        let dataRange = try dataRange(of: header, directoryStart: directoryStart, in: bytes)
        spans.append((start, dataRange.upperBound, header.name))
        entries.append(
          ZipEntry(
            name: header.name, method: header.method, compressedByteCount: dataRange.count,
            byteCount: Int(clamping: header.sizes.plain), crc32: header.crc32, dataRange: dataRange))
      } catch {
        throw error.inside(.archiveMember(header.name))
      }
    }
    try checkOverlap(spans)
    return entries
  }

  private static func dataRange(
    of header: ZipDirectoryHeader, directoryStart: Int, in bytes: RawSpan
  ) throws(ReadError) -> Range<Int> {
    let start = header.sizes.localHeaderOffset
    var local: LocalHeader?
    do throws(ByteFault) {
      var cursor = ByteCursor(bytes)
      try cursor.seek(to: Int(clamping: start))
      // Lengths are only read after a valid signature.
      if cursor.starts(with: LocalHeader.signature) { local = try LocalHeader(&cursor) }
    } catch {
      throw ReadError(
        .zipMemberOutOfRange, at: header.headerOffset, expected: "a local header before \(directoryStart)",
        found: "one at \(start)")
    }
    guard let local else {
      throw ReadError(.zipLocalHeaderMismatch, at: start, expected: "a local header")
    }
    try checkAgreement(local, header, at: start)
    guard
      let range = checkedRange(
        start: UInt64(local.end), count: header.sizes.compressed, within: UInt64(directoryStart))
    else {
      throw ReadError(
        .zipMemberOutOfRange, at: UInt64(local.end), expected: "data that end before \(directoryStart)",
        found: "\(header.sizes.compressed) bytes")
    }
    return Int(range.lowerBound)..<Int(range.upperBound)
  }

  private static func checkAgreement(
    _ local: LocalHeader, _ header: ZipDirectoryHeader, at start: UInt64
  ) throws(ReadError) {
    let method: UInt16 = header.method == .stored ? 0 : 8
    guard local.name.elementsEqual(header.name.utf8) else {
      throw ReadError(
        .zipLocalHeaderMismatch, at: start, expected: "name \(header.name)",
        found: String(decoding: local.name, as: UTF8.self))
    }
    guard local.method == method else {
      throw ReadError(
        .zipLocalHeaderMismatch, at: start, expected: "method \(method)", found: "\(local.method)")
    }
    // With a data descriptor, local sizes can be zero; the directory's sizes are used in any case.
    if header.hasDataDescriptor, local.sizes.plain == 0, local.sizes.compressed == 0 { return }
    guard local.sizes.plain == header.sizes.plain, local.sizes.compressed == header.sizes.compressed else {
      throw ReadError(
        .zipLocalHeaderMismatch, at: start,
        expected: "sizes \(header.sizes.compressed) → \(header.sizes.plain)",
        found: "\(local.sizes.compressed) → \(local.sizes.plain)")
    }
  }

  private static func checkOverlap(_ spans: [(start: Int, end: Int, name: String)]) throws(ReadError) {
    let sorted = spans.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    for (earlier, later) in zip(sorted, sorted.dropFirst()) where later.start < earlier.end {
      throw ReadError(
        .zipMembersOverlap, at: UInt64(later.start),
        expected: "data after \(earlier.name), which ends at \(earlier.end)",
        path: [.archiveMember(later.name)])
    }
  }
}

/// The fields of a local header that must agree with the directory.
private struct LocalHeader {
  static let signature: StaticString = "PK\u{3}\u{4}"

  var method: UInt16
  var sizes: ZipSizes
  var name: [UInt8]
  /// Offset of the data. The local extra field has its own length, because PyTorch uses it for padding.
  var end: Int

  init(_ cursor: inout ByteCursor) throws(ByteFault) {
    try cursor.skip(8)  // signature, version and flags
    method = try cursor.readUInt16()
    try cursor.skip(8)  // time, date and checksum
    sizes = ZipSizes(
      compressed: UInt64(try cursor.readUInt32()), plain: UInt64(try cursor.readUInt32()),
      localHeaderOffset: 0)
    let nameLength = Int(try cursor.readUInt16())
    let extraLength = Int(try cursor.readUInt16())
    name = try cursor.readBytes(nameLength).withUnsafeBytes { Array($0) }
    var extra = ByteCursor(try cursor.readBytes(extraLength))
    try sizes.widen(by: &extra)
    end = cursor.position
  }
}
