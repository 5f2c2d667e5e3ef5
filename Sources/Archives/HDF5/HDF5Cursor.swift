/// Widths of addresses and of lengths in one file: 2, 4 or 8 bytes each.
struct HDF5Widths: Sendable, Equatable {
  var address = 8
  var length = 8
}

/// A position in a structure of an HDF5 file, from which little-endian numbers of the file's widths are read.
///
/// Unlike `ByteCursor`, it can be stored and has the widths. Every access is checked against the structure's end.
struct HDF5Cursor {
  /// The file from address zero on.
  let file: FileSlice
  let widths: HDF5Widths
  /// Counted from address zero.
  private(set) var position: Int
  let end: Int

  /// - Precondition: `range` is inside the file.
  init(_ file: FileSlice, _ range: Range<Int>, widths: HDF5Widths) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount, "range outside the file")
    self.file = file
    self.widths = widths
    position = range.lowerBound
    end = range.upperBound
  }

  var remaining: Int { end - position }

  /// Absolute in the file, for errors.
  var offset: UInt64 { UInt64(file.range.lowerBound + position) }

  /// The range of the next `count` bytes.
  mutating func take(_ count: Int) throws(ReadError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw ReadError(
        end == file.byteCount ? .hdf5OutsideFile : .hdf5TooShort, at: offset, expected: "\(count) bytes",
        found: "\(remaining)")
    }
    let range = position..<position + count
    position += count
    return range
  }

  mutating func skip(_ count: Int) throws(ReadError) { _ = try take(count) }

  /// A cursor over the next `count` bytes, which this cursor skips.
  mutating func part(_ count: Int) throws(ReadError) -> HDF5Cursor {
    HDF5Cursor(file, try take(count), widths: widths)
  }

  /// The next bytes as a little-endian number.
  ///
  /// - Parameter width: at most 8.
  mutating func number(_ width: Int) throws(ReadError) -> UInt64 {
    let range = try take(width)
    let bytes = file.bytes.extracting(range)
    var value: UInt64 = 0
    for index in 0..<bytes.byteCount {
      value |= UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) << (8 * UInt64(index))
    }
    return value
  }

  /// A number of up to four bytes.
  mutating func small(_ width: Int) throws(ReadError) -> Int {
    precondition(width <= 4, "may not fit")
    return Int(try number(width))
  }

  /// A size or an extent.
  ///
  /// - Throws: `numberOverflow` for values that no memory can hold.
  mutating func count(_ width: Int) throws(ReadError) -> Int {
    let start = offset
    let value = try number(width)
    guard let count = Int(exactly: value) else {
      throw ReadError(.numberOverflow, at: start, found: "\(value)")
    }
    return count
  }

  mutating func length() throws(ReadError) -> Int { try count(widths.length) }

  /// Nil for the undefined address: all bits set.
  mutating func address() throws(ReadError) -> UInt64? {
    let value = try number(widths.address)
    return value == UInt64.max >> UInt64(64 - 8 * widths.address) ? nil : value
  }

  mutating func bytes(_ count: Int) throws(ReadError) -> [UInt8] {
    let range = try take(count)
    return file.bytes.extracting(range).withUnsafeBytes { Array($0) }
  }

  /// - Throws: `hdf5Signature` unless the next bytes are `signature`.
  mutating func expect(_ signature: StaticString, of kind: String) throws(ReadError) {
    let start = offset
    let found = try bytes(signature.utf8CodeUnitCount)
    guard signature.withUTF8Buffer({ $0.elementsEqual(found) }) else {
      throw ReadError(.hdf5Signature, at: start, expected: "\(signature) of a \(kind)")
    }
  }

  /// - Throws: `hdf5Version` unless the next byte is one of `known`.
  @discardableResult
  mutating func version(_ known: ClosedRange<Int>, of kind: String) throws(ReadError) -> Int {
    let start = offset
    let version = try small(1)
    guard known.contains(version) else {
      throw ReadError(.hdf5Version, at: start, expected: "\(known) of a \(kind)", found: "\(version)")
    }
    return version
  }
}
