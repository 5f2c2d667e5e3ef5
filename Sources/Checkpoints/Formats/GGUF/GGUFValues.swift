internal import Archives

/// The types of GGUF's keyed values (`gguf_type`).
enum GGUFValueType: UInt32 {
  case uint8 = 0
  case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of a value of fixed size; for other types the smallest size.
  fileprivate var leastBytes: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}

extension GGUFCursor {
  /// The longest array that is kept. A longer one is kept as `{"count": N}`; for texts, such as a vocabulary, also
  /// with the range of bytes that holds them.
  private static var keptElements: Int { 16 }

  /// Reads a value and the type before it.
  ///
  /// - Throws: `ggufValueType`, `ggufValue`, `ggufCount`, `ggufText`, `limitExceeded` or `truncatedFile`.
  @_lifetime(self: copy self)
  mutating func value(limits: Limits) throws(ReadError) -> JSONValue {
    switch try valueType() {
    case .array: try array(limits: limits)
    case let type: try scalar(type, limits: limits)
    }
  }

  @_lifetime(self: copy self)
  private mutating func valueType() throws(ReadError) -> GGUFValueType {
    let start = offset
    let number = try uint32()
    guard let type = GGUFValueType(rawValue: number) else {
      throw ReadError(.ggufValueType, at: start, expected: "0 to 12", found: "\(number)")
    }
    return type
  }

  @_lifetime(self: copy self)
  private mutating func array(limits: Limits) throws(ReadError) -> JSONValue {
    let start = offset
    let type = try valueType()
    // The specification allows arrays of arrays, but no tool writes them and ggml does not read them.
    guard type != .array else {
      throw ReadError(
        .ggufValue, at: start, expected: "an array of plain values", found: "an array of arrays")
    }
    let count = try count(of: "elements", leastBytes: type.leastBytes)
    guard count > Self.keptElements else {
      var elements: [JSONValue] = []
      try limits.charge(count, of: 64, for: "values of GGUF", at: start)
      for _ in 0..<count { elements.append(try scalar(type, limits: limits)) }
      return .array(elements)
    }
    if type == .string {
      // The loop visits each text. An empty text takes eight bytes, which need no space on the disk in a sparse file.
      guard count <= limits.metadataTexts else {
        throw ReadError(
          .limitExceeded, at: start, expected: "at most \(limits.metadataTexts) texts", found: "\(count)")
      }
      try limits.charge(count, of: Budget.step, for: "texts of GGUF", at: start)
      let first = offset
      for _ in 0..<count { try skip(try self.count(of: "bytes of text", leastBytes: 1)) }
      return .object(JSONObject(count: count, range: Int64(first)..<Int64(offset)))
    }
    try skip(count * type.leastBytes)
    return .object(JSONObject(count: count, range: nil))
  }

  @_lifetime(self: copy self)
  private mutating func scalar(_ type: GGUFValueType, limits: Limits) throws(ReadError) -> JSONValue {
    switch type {
    case .uint8: return .integer(Int64(try uint8()))
    case .int8: return .integer(Int64(Int8(bitPattern: try uint8())))
    case .uint16: return .integer(Int64(try uint16()))
    case .int16: return .integer(Int64(Int16(bitPattern: try uint16())))
    case .uint32: return .integer(Int64(try uint32()))
    case .int32: return .integer(Int64(Int32(bitPattern: try uint32())))
    case .uint64:
      let value = try uint64()
      return Int64(exactly: value).map { .integer($0) } ?? .number(Double(value))
    case .int64: return .integer(Int64(bitPattern: try uint64()))
    case .float32: return .number(Double(Float(bitPattern: try uint32())))
    case .float64: return .number(Double(bitPattern: try uint64()))
    case .bool: return .bool(try bool())
    case .string:
      let start = offset
      let text = try text(limit: limits.metadataTextBytes, mayBeEmpty: true)
      try limits.requireFewMarks(text, at: start)
      return .string(text)
    case .array: throw ReadError(.ggufValue, at: offset, found: "an array of arrays")
    }
  }

  @_lifetime(self: copy self)
  private mutating func bool() throws(ReadError) -> Bool {
    let start = offset
    let byte = try uint8()
    guard byte <= 1 else { throw ReadError(.ggufValue, at: start, expected: "0 or 1", found: "\(byte)") }
    return byte == 1
  }
}

extension JSONObject {
  fileprivate init(count: Int, range: Range<Int64>?) {
    self.init()
    _ = append(Member(key: "count", value: .integer(Int64(count)), byteOffset: 0))
    guard let range else { return }
    _ = append(Member(key: "start", value: .integer(range.lowerBound), byteOffset: 0))
    _ = append(Member(key: "end", value: .integer(range.upperBound), byteOffset: 0))
  }
}
