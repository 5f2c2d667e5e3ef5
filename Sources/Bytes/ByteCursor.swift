/// A position in borrowed bytes from which little-endian numbers and sub-ranges are read.
///
/// Every access is checked against the bytes that remain. A failed access throws and does not move the position.
/// Offsets in errors are absolute: a cursor over a part of a file knows where that part begins.
public struct ByteCursor: ~Escapable {
  /// The complete span.
  public let bytes: RawSpan
  /// The next byte to read, counted from the start of `bytes`.
  public private(set) var position: Int
  /// Where `bytes` begins in the outermost data (the file).
  public let baseOffset: UInt64

  /// A cursor at the first of `bytes`, which begin at offset `baseOffset` of their file.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, baseOffset: UInt64 = 0) {
    self.bytes = bytes
    self.position = 0
    self.baseOffset = baseOffset
  }

  /// Bytes from the position to the end.
  public var remaining: Int { bytes.byteCount - position }

  public var isAtEnd: Bool { remaining == 0 }

  /// The position counted from the start of the outermost data.
  public var absoluteOffset: UInt64 { baseOffset + UInt64(position) }

  /// Moves to `newPosition`, at most to the end.
  @_lifetime(self: copy self)
  public mutating func seek(to newPosition: Int) throws(ByteFault) {
    guard newPosition >= 0, newPosition <= bytes.byteCount else {
      throw ByteFault(
        .outOfRange, at: baseOffset, needed: UInt64(max(newPosition, 0)), available: UInt64(bytes.byteCount))
    }
    position = newPosition
  }

  /// Moves over `count` bytes.
  @_lifetime(self: copy self)
  public mutating func skip(_ count: Int) throws(ByteFault) {
    try require(count)
    position += count
  }

  /// The next byte, without moving; nil at the end.
  public func peek() -> UInt8? {
    isAtEnd ? nil : bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
  }

  /// Whether the next bytes are exactly `literal`, without moving.
  public func starts(with literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard remaining >= count else { return false }
    return literal.withUTF8Buffer { expected in
      for index in 0..<count {
        let byte = bytes.unsafeLoad(fromByteOffset: position + index, as: UInt8.self)
        if byte != expected[index] { return false }
      }
      return true
    }
  }

  func require(_ count: Int) throws(ByteFault) {
    guard count >= 0, count <= remaining else {
      throw ByteFault(
        .endOfData, at: absoluteOffset, needed: UInt64(max(count, 0)), available: UInt64(remaining))
    }
  }
}

extension ByteCursor {
  @_lifetime(self: copy self)
  public mutating func readUInt8() throws(ByteFault) -> UInt8 {
    try load(UInt8.self, byteCount: 1)
  }

  @_lifetime(self: copy self)
  public mutating func readUInt16() throws(ByteFault) -> UInt16 {
    UInt16(littleEndian: try load(UInt16.self, byteCount: 2))
  }

  @_lifetime(self: copy self)
  public mutating func readUInt32() throws(ByteFault) -> UInt32 {
    UInt32(littleEndian: try load(UInt32.self, byteCount: 4))
  }

  @_lifetime(self: copy self)
  public mutating func readUInt64() throws(ByteFault) -> UInt64 {
    UInt64(littleEndian: try load(UInt64.self, byteCount: 8))
  }

  /// The next eight bytes as a big-endian IEEE double, the byte order of Python's pickles.
  @_lifetime(self: copy self)
  public mutating func readBigEndianDouble() throws(ByteFault) -> Double {
    Double(bitPattern: UInt64(bigEndian: try load(UInt64.self, byteCount: 8)))
  }

  /// The next `count` bytes, as a view into the same data.
  @_lifetime(copy self)
  public mutating func readBytes(_ count: Int) throws(ByteFault) -> RawSpan {
    try require(count)
    let taken = bytes.extracting(position..<position + count)
    position += count
    return taken
  }

  /// The bytes of `range`, counted from the start of `bytes`. Does not move the position.
  @_lifetime(copy self)
  public func bytes(in range: Range<Int>) throws(ByteFault) -> RawSpan {
    guard range.lowerBound >= 0, range.upperBound <= bytes.byteCount else {
      throw ByteFault(
        .outOfRange, at: baseOffset + UInt64(max(range.lowerBound, 0)), needed: UInt64(range.count),
        available: UInt64(max(bytes.byteCount - max(range.lowerBound, 0), 0)))
    }
    return bytes.extracting(range)
  }

  @_lifetime(self: copy self)
  private mutating func load<Number: BitwiseCopyable>(
    _ type: Number.Type, byteCount: Int
  ) throws(ByteFault) -> Number {
    try require(byteCount)
    let value = bytes.unsafeLoadUnaligned(fromByteOffset: position, as: type)
    position += byteCount
    return value
  }
}
