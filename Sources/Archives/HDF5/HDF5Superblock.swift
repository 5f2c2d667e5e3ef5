/// The position of the root group of an HDF5 file, and the widths of its numbers.
package struct HDF5Superblock {
  package static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  let widths: HDF5Widths
  /// The range of addresses: from the superblock to the end that it states.
  let content: FileSlice
  /// The address of the root group's object header.
  let root: UInt64?

  /// - Throws: `hdf5Superblock`, `hdf5Version`, `hdf5Checksum`, `hdf5Storage` or `truncatedFile`.
  init(_ file: FileSlice, at start: Int) throws(ReadError) {
    var cursor = HDF5Cursor(file, start..<file.byteCount, widths: HDF5Widths())
    do throws(ReadError) {
      guard try cursor.bytes(Self.signature.count) == Self.signature else {
        throw ReadError(
          .hdf5Superblock, at: UInt64(file.range.lowerBound + start), expected: "the signature of HDF5")
      }
      let version = try cursor.version(0...3, of: "superblock")
      self = try version < 2 ? Self(classic: cursor, version, start) : Self(checked: cursor, start)
    } catch {
      guard error.code == .hdf5OutsideFile else { throw error }
      throw ReadError(.truncatedFile, at: UInt64(file.range.upperBound), expected: "a superblock")
    }
  }

  /// Versions 0 and 1 contain the root group's symbol table entry.
  private init(classic head: HDF5Cursor, _ version: Int, _ start: Int) throws(ReadError) {
    var cursor = head
    try cursor.skip(4)
    widths = try Self.widths(&cursor)
    cursor = HDF5Cursor(cursor.file, cursor.position..<cursor.end, widths: widths)
    try cursor.skip(version == 0 ? 9 : 13)
    let base = try cursor.address()
    _ = try cursor.address()
    let end = try cursor.address()
    let driverOffset = cursor.offset
    guard try cursor.address() == nil else {
      throw ReadError(.hdf5Storage, at: driverOffset, found: "a file split by a driver")
    }
    try cursor.skip(widths.address)
    root = try cursor.address()
    content = try Self.content(cursor, start, base: base, end: end)
  }

  /// Versions 2 and 3, which end with a checksum.
  private init(checked head: HDF5Cursor, _ start: Int) throws(ReadError) {
    var cursor = head
    widths = try Self.widths(&cursor)
    cursor = HDF5Cursor(cursor.file, cursor.position..<cursor.end, widths: widths)
    try cursor.skip(1)
    let base = try cursor.address()
    _ = try cursor.address()
    let end = try cursor.address()
    root = try cursor.address()
    try cursor.checkSum(from: start, of: "superblock")
    content = try Self.content(cursor, start, base: base, end: end)
  }

  private static func widths(_ cursor: inout HDF5Cursor) throws(ReadError) -> HDF5Widths {
    let start = cursor.offset
    let widths = HDF5Widths(address: try cursor.small(1), length: try cursor.small(1))
    guard [2, 4, 8].contains(widths.address), [2, 4, 8].contains(widths.length) else {
      throw ReadError(
        .hdf5Superblock, at: start, expected: "addresses and lengths of 2, 4 or 8 bytes",
        found: "\(widths.address) and \(widths.length)")
    }
    return widths
  }

  /// The superblock states the file's length, so an incomplete download is rejected before any address is followed.
  /// If its base address differs from its position, the content was moved, and both are taken relative to the
  /// superblock.
  private static func content(
    _ cursor: HDF5Cursor, _ start: Int, base: UInt64?, end: UInt64?
  ) throws(ReadError) -> FileSlice {
    let file = cursor.file
    guard let base, let end, base < end, let length = Int(exactly: end - base) else {
      throw ReadError(
        .hdf5Superblock, at: cursor.offset, expected: "a base address before the end that is stated")
    }
    guard length <= file.byteCount - start else {
      throw ReadError(
        .truncatedFile, at: UInt64(file.range.upperBound), expected: "\(length) bytes from the superblock on",
        found: "\(file.byteCount - start)")
    }
    let first = file.range.lowerBound + start
    return FileSlice(file: file.file, range: first..<first + length)
  }
}
