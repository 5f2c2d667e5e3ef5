/// The fields of one protobuf message, in order. Nested messages are ranges that the caller opens itself, to a fixed
/// depth, so the file cannot cause recursion.
package struct ProtobufFields {
  package struct Field {
    package let number: Int
    package let value: Value
    /// Offset of the field's key in the file.
    package let offset: Int
  }

  package enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// The range of a text, bytes, packed numbers or a message in the file.
    case range(Range<Int>)
  }

  private let file: MappedFile
  private var position: Int
  private let end: Int

  /// - Precondition: `range` is inside the file.
  package init(_ file: MappedFile, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount, "range outside \(file.path)")
    self.file = file
    position = range.lowerBound
    end = range.upperBound
  }

  package var isAtEnd: Bool { position == end }

  /// The next field; nil at the end of the message.
  ///
  /// - Throws: `protobufInvalid`.
  package mutating func next() throws(ReadError) -> Field? {
    guard position < end else { return nil }
    let offset = position
    let key = try varint()
    guard let number = Int(exactly: key >> 3), (1...0x1FFF_FFFF).contains(number) else {
      throw invalid(at: offset, found: "field number \(key >> 3)")
    }
    return Field(number: number, value: try value(wireType: key & 7, at: offset), offset: offset)
  }

  private mutating func value(wireType: UInt64, at offset: Int) throws(ReadError) -> Value {
    switch wireType {
    case 0: return .varint(try varint())
    case 1: return .fixed64(UInt64(littleEndian: try load(UInt64.self)))
    case 2:
      let length = try varint()
      guard let count = Int(exactly: length), count <= end - position else {
        throw invalid(
          at: offset, expected: "at most \(end - position) bytes", found: "a field of \(length) bytes")
      }
      let range = position..<position + count
      position = range.upperBound
      return .range(range)
    case 5: return .fixed32(UInt32(littleEndian: try load(UInt32.self)))
    default: throw invalid(at: offset, expected: "a wire type of 0, 1, 2 or 5", found: "\(wireType)")
    }
  }

  /// Seven bits per byte, lowest first; at most ten bytes.
  mutating func varint() throws(ReadError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for index in 0..<10 {
      guard position < end else {
        throw invalid(at: start, expected: "a complete number", found: "the message's end")
      }
      let byte = file.bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
      position += 1
      guard index < 9 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << UInt64(7 * index)
      if byte < 0x80 { return value }
    }
    throw invalid(at: start, expected: "a number of 64 bits", found: "a longer one")
  }

  private mutating func load<Number: BitwiseCopyable>(_ type: Number.Type) throws(ReadError) -> Number {
    let width = MemoryLayout<Number>.size
    guard width <= end - position else {
      throw invalid(
        at: position, expected: "\(width) more bytes", found: "\(end - position)")
    }
    defer { position += width }
    return file.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: type)
  }

  private func invalid(at offset: Int, expected: String? = nil, found: String) -> ReadError {
    ReadError(.protobufInvalid, at: UInt64(offset), expected: expected, found: found)
  }
}

extension ProtobufFields.Field {
  /// - Throws: `protobufInvalid` if the field is of another kind.
  package func integer() throws(ReadError) -> Int64 {
    guard case .varint(let bits) = value else { throw wrongKind("a number") }
    return Int64(bitPattern: bits)
  }

  package func float() throws(ReadError) -> Float {
    guard case .fixed32(let bits) = value else { throw wrongKind("a 32-bit float") }
    return Float(bitPattern: bits)
  }

  package func range() throws(ReadError) -> Range<Int> {
    guard case .range(let range) = value else { throw wrongKind("bytes") }
    return range
  }

  package func text(in file: MappedFile) throws(ReadError) -> String {
    let range = try range()
    return file.bytes.extracting(range).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func wrongKind(_ expected: String) -> ReadError {
    ReadError(
      .protobufInvalid, at: UInt64(offset), expected: expected, found: "another kind in field \(number)")
  }
}
