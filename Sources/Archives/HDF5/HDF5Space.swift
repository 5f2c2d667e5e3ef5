internal import Bytes

/// An HDF5 file's bytes by address, and the number of bytes that structures use.
///
/// No two structures of a valid file share a byte. So each structure is claimed once, when it is read, and the claims
/// together may not exceed the file. This ends loops, links back to a parent and nested nodes, and keeps the time to
/// open a file in proportion to its size.
final class HDF5Space {
  /// Address zero is its first byte.
  let file: FileSlice
  let widths: HDF5Widths
  private var starts: Set<UInt64> = []
  private var unclaimed: Int

  init(_ file: FileSlice, widths: HDF5Widths) {
    self.file = file
    self.widths = widths
    unclaimed = file.byteCount
  }

  /// A cursor at a structure that was not read before, up to the end of the file.
  ///
  /// - Parameter kind: for messages: `object header`.
  /// - Throws: `hdf5OutsideFile`, `hdf5ReachedTwice`.
  func visit(_ kind: String, at address: UInt64?) throws(ReadError) -> HDF5Cursor {
    let start = try position(of: kind, address)
    guard starts.insert(UInt64(start)).inserted else {
      throw ReadError(.hdf5ReachedTwice, at: absolute(start), found: "a \(kind)")
    }
    return HDF5Cursor(file, start..<file.byteCount, widths: widths)
  }

  /// A cursor over the `count` bytes of a structure that was not read before.
  func claim(_ kind: String, at address: UInt64?, count: Int) throws(ReadError) -> HDF5Cursor {
    var cursor = try visit(kind, at: address)
    try charge(count, for: kind, at: cursor.offset)
    return try cursor.part(count)
  }

  /// Counts `count` bytes as used by a structure.
  func charge(_ count: Int, for kind: String, at offset: UInt64) throws(ReadError) {
    guard count >= 0, count <= unclaimed else {
      throw ReadError(
        .hdf5ReachedTwice, at: offset, expected: "\(unclaimed) bytes, the rest of the file",
        found: "\(count) more for a \(kind)")
    }
    unclaimed -= count
  }

  /// Charges `count` entries of `width` bytes, before anything is allocated for them.
  func charge(_ count: Int, of width: Int, for kind: String, at offset: UInt64) throws(ReadError) {
    guard let bytes = checkedProduct(count, width) else {
      throw ReadError(.numberOverflow, at: offset, found: "\(count) entries of a \(kind)")
    }
    try charge(bytes, for: kind, at: offset)
  }

  private func position(of kind: String, _ address: UInt64?) throws(ReadError) -> Int {
    guard let address else { throw ReadError(.hdf5OutsideFile, found: "a \(kind) without an address") }
    guard address < UInt64(file.byteCount) else {
      throw ReadError(
        .hdf5OutsideFile, expected: "at most \(file.byteCount - 1)",
        found: "address \(address) of a \(kind)")
    }
    return Int(address)
  }

  private func absolute(_ position: Int) -> UInt64 { UInt64(file.range.lowerBound + position) }
}
