internal import Archives
internal import Bytes

/// Consecutive pickles, with raw little-endian bytes between them.
struct PickleSequence {
  private let file: MappedFile
  /// End of the part that is read, as an offset in the file.
  private let end: Int
  private let limits: Limits
  /// Offset of the next byte in the file.
  private(set) var position: Int

  init(_ slice: FileSlice, limits: Limits) {
    self.file = slice.file
    self.position = slice.range.lowerBound
    self.end = slice.range.upperBound
    self.limits = limits
  }

  var remaining: Int { end - position }

  /// - Throws: any `pickle…` code, `wholeModulePickle` or `limitExceeded`.
  mutating func unpickle() throws(ReadError) -> PickleGraph {
    let file = file
    let rest = file.bytes.extracting(position..<end)
    let (graph, byteCount) = try Unpickler.unpickleFirst(
      rest, baseOffset: UInt64(position), limits: limits)
    position += byteCount
    return graph
  }

  /// - Throws: `truncatedFile`.
  mutating func int64() throws(ReadError) -> Int64 { try number() }

  /// - Throws: `truncatedFile`.
  mutating func int32() throws(ReadError) -> Int32 { try number() }

  /// The range of the next `count` bytes in the file.
  ///
  /// - Throws: `truncatedFile`.
  mutating func skip(_ count: Int) throws(ReadError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw ReadError(
        .truncatedFile, at: UInt64(position), expected: "\(count) more bytes", found: "\(remaining)")
    }
    let start = position
    position += count
    return start..<position
  }

  private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>() throws(ReadError) -> Number {
    let range = try skip(MemoryLayout<Number>.size)
    let bits = file.bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: Number.self)
    return Number(littleEndian: bits)
  }
}

extension PickleGraph {
  /// The byte order in `sys_info`: `{'protocol_version': …, 'little_endian': True, 'type_sizes': {…}}`. Nil if it is
  /// not stated.
  var isFromLittleEndianMachine: Bool? {
    let order = pairs(of: root)?.last { $0.key == .string("little_endian") }?.value
    if case .bool(let isLittleEndian)? = order { return isLittleEndian }
    return nil
  }
}
