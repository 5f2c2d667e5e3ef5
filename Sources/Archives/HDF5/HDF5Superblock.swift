/// Where an HDF5 file says its root group is, and how wide its numbers are.
package struct HDF5Superblock {
  package static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  let widths: HDF5Widths
  /// From the start of the bytes; addresses count from here.
  let baseAddress: Int
  /// The address of the root group's object header.
  let root: UInt64?

  /// - Throws: `hdf5Superblock`, `hdf5Version`, `hdf5Checksum`, `hdf5Storage` or `truncatedFile`.
  init(_ file: FileSlice, at start: Int) throws(ReadError) {
    var cursor = HDF5Cursor(file, start..<file.byteCount, widths: HDF5Widths())
    do throws(ReadError) {
      try cursor.skip(Self.signature.count)
      let version = try cursor.version(0...3, of: "superblock")
      self = try version < 2 ? Self(classic: cursor, version) : Self(checked: cursor, start: start)
    } catch {
      guard error.code == .hdf5OutsideFile else { throw error }
      throw ReadError(.truncatedFile, at: UInt64(file.range.upperBound), expected: "a superblock")
    }
  }

  /// Versions 0 and 1: the root group's symbol table entry is part of it.
  private init(classic start: HDF5Cursor, _ version: Int) throws(ReadError) {
    var cursor = start
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
    baseAddress = try Self.requireWhole(cursor, base: base, end: end)
  }

  /// Versions 2 and 3, which end with a checksum.
  private init(checked start: HDF5Cursor, start first: Int) throws(ReadError) {
    var cursor = start
    widths = try Self.widths(&cursor)
    cursor = HDF5Cursor(cursor.file, cursor.position..<cursor.end, widths: widths)
    try cursor.skip(1)
    let base = try cursor.address()
    _ = try cursor.address()
    let end = try cursor.address()
    root = try cursor.address()
    try cursor.checkSum(from: first, of: "superblock")
    baseAddress = try Self.requireWhole(cursor, base: base, end: end)
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

  /// The superblock states how long the file is: half a download is told before anything is followed.
  private static func requireWhole(
    _ cursor: HDF5Cursor, base: UInt64?, end: UInt64?
  ) throws(ReadError) -> Int {
    let byteCount = cursor.file.byteCount
    guard let base, let base = Int(exactly: base), base < byteCount else {
      throw ReadError(.hdf5Superblock, at: cursor.offset, expected: "a base address inside the file")
    }
    guard let end, end <= UInt64(byteCount) else {
      throw ReadError(
        .truncatedFile, at: UInt64(cursor.file.range.upperBound),
        expected: end.map { "\($0) bytes" } ?? "a stated length",
        found: "\(byteCount)")
    }
    return base
  }
}
