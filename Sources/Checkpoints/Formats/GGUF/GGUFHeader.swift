internal import Archives
internal import Bytes
internal import TensorTypes

/// Everything before the tensors' bytes: keyed values, and the description of each tensor.
struct GGUFHeader {
  let isBigEndian: Bool
  /// For a long array only its count, and for texts also their range.
  private(set) var metadata = JSONObject()
  private(set) var tensors: [Tensor] = []
  /// Offset of the tensors' bytes. Tensor offsets are relative to it.
  private(set) var dataStart = 0
  private(set) var alignment = GGUFHeader.defaultAlignment

  struct Tensor {
    var name: String
    /// Slowest axis first, as in all readers. The file has the fastest first.
    var shape: [Int]
    var type: GGUFTensorType
    /// From the start of the data.
    var dataOffset: UInt64
    var byteCount: Int
    /// The offset of its description in the file.
    var headerOffset: UInt64
  }

  static let defaultAlignment = 32
  /// Far above any value that a tool writes. ggml only requires a power of two.
  private static let largestAlignment = 1 << 20
  static let magic = Array("GGUF".utf8)
  private static let magicAndVersion = 8
  private static let readVersions = UInt32(2)...3
  /// `ggml`'s `GGML_MAX_DIMS`.
  private static let rankLimit = 4

  /// - Throws: any `gguf…` code about the header, `truncatedFile`, `duplicateTensorName`, `unsupportedDType`,
  ///   `numberOverflow` or `limitExceeded`.
  init(_ file: MappedFile, limits: Limits) throws(ReadError) {
    guard file.bytes.withUnsafeBytes({ $0.starts(with: Self.magic) }) else {
      throw ReadError(.unsupportedFormat, at: 0, expected: "GGUF")
    }
    var start = try GGUFCursor(file.bytes, after: 4, isBigEndian: false)
    let version = try start.uint32()
    // No flag states the byte order. If a small number has the wrong byte order, its low half is zero.
    isBigEndian = version & 0xFFFF == 0
    let number = isBigEndian ? version.byteSwapped : version
    guard Self.readVersions.contains(number) else {
      throw ReadError(.ggufVersion, at: 4, expected: "2 or 3", found: "\(number)")
    }
    var cursor = try GGUFCursor(file.bytes, after: Self.magicAndVersion, isBigEndian: isBigEndian)
    let tensorCount = try cursor.count(of: "tensors", leastBytes: Self.leastTensorBytes)
    guard tensorCount <= limits.tensors else {
      throw ReadError(
        .limitExceeded, at: 8, expected: "at most \(limits.tensors) tensors", found: "\(tensorCount)")
    }
    try readMetadata(&cursor, limits)
    alignment = try Self.alignment(metadata)
    try readTensors(&cursor, count: tensorCount, limits)
    guard let dataStart = checkedRoundUp(Int(cursor.offset), toMultipleOf: alignment) else {
      throw ReadError(.numberOverflow, at: cursor.offset, found: "a header of \(cursor.offset) bytes")
    }
    self.dataStart = dataStart
  }

  /// A name's length and one byte of it, rank, type and offset.
  private static let leastTensorBytes = 8 + 1 + 4 + 4 + 8
  /// Charged for a value in addition to its key and text; a tensor is charged twice this.
  private static let entryBytes = 192
  /// A key's length and one byte of it, a type, a value.
  private static let leastEntryBytes = 8 + 1 + 4 + 1

  private mutating func readMetadata(_ cursor: inout GGUFCursor, _ limits: Limits) throws(ReadError) {
    let start = cursor.offset
    let count = try cursor.count(of: "values", leastBytes: Self.leastEntryBytes)
    guard count <= limits.metadataEntries else {
      throw ReadError(
        .limitExceeded, at: start, expected: "at most \(limits.metadataEntries) values", found: "\(count)")
    }
    for _ in 0..<count {
      let offset = cursor.offset
      let key = try cursor.text(limit: limits.metadataTextBytes)
      try limits.requireFewMarks(key, at: offset)
      try limits.charge(Self.entryBytes + key.utf8.count, for: "keys of GGUF", at: offset)
      do throws(ReadError) {
        let value = try cursor.value(limits: limits)
        guard metadata.append(.init(key: key, value: value, byteOffset: offset)) else {
          throw ReadError(.ggufDuplicateKey, at: offset)
        }
      } catch {
        throw error.inside(.key(key))
      }
    }
  }

  private static func alignment(_ metadata: JSONObject) throws(ReadError) -> Int {
    let key = "general.alignment"
    guard let member = metadata.members.first(where: { $0.key == key }) else { return defaultAlignment }
    guard let value = member.value.integerValue, value > 0, value <= largestAlignment,
      value & (value - 1) == 0
    else {
      let found = member.value.integerValue.map(String.init) ?? "not an integer"
      throw ReadError(
        .ggufAlignment, at: member.byteOffset, expected: "a power of two up to \(largestAlignment)",
        found: found, path: [.key(key)])
    }
    return value
  }

  private mutating func readTensors(
    _ cursor: inout GGUFCursor, count: Int, _ limits: Limits
  ) throws(ReadError) {
    var names: Set<String> = []
    tensors.reserveCapacity(count)
    for _ in 0..<count {
      let offset = cursor.offset
      let name = try cursor.text(limit: limits.tensorNameBytes)
      try limits.requireFewMarks(name, at: offset)
      try limits.charge(2 * Self.entryBytes + name.utf8.count, for: "tensors of GGUF", at: offset)
      do throws(ReadError) {
        guard names.insert(name).inserted else { throw ReadError(.duplicateTensorName, at: offset) }
        tensors.append(try Self.tensor(&cursor, name: name, at: offset))
      } catch {
        throw error.inside(.tensor(name))
      }
    }
  }

  private static func tensor(
    _ cursor: inout GGUFCursor, name: String, at headerOffset: UInt64
  ) throws(ReadError) -> Tensor {
    let shapeOffset = cursor.offset
    let shape = try shape(&cursor)
    let type = try type(&cursor)
    guard (shape.last ?? 1) % type.blockElementCount == 0 else {
      throw ReadError(
        .ggufShape, at: shapeOffset, expected: "rows of a multiple of \(type.blockElementCount)",
        found: "\(shape)")
    }
    guard let count = elementCount(of: shape),
      let byteCount = checkedProduct(count / type.blockElementCount, type.blockByteCount),
      checkedProduct(count, MemoryLayout<Double>.size) != nil
    else { throw ReadError(.numberOverflow, at: shapeOffset, found: "shape \(shape)") }
    return Tensor(
      name: name, shape: shape, type: type, dataOffset: try cursor.uint64(), byteCount: byteCount,
      headerOffset: headerOffset)
  }

  private static func shape(_ cursor: inout GGUFCursor) throws(ReadError) -> [Int] {
    let start = cursor.offset
    let rank = try cursor.uint32()
    guard rank <= rankLimit else {
      throw ReadError(.ggufShape, at: start, expected: "at most \(rankLimit) axes", found: "\(rank)")
    }
    var shape: [Int] = []
    for _ in 0..<rank {
      let start = cursor.offset
      let extent = try cursor.uint64()
      guard let extent = Int(exactly: extent) else {
        throw ReadError(.ggufShape, at: start, expected: "an axis below 2^63", found: "\(extent)")
      }
      shape.append(extent)
    }
    return shape.reversed()
  }

  private static func type(_ cursor: inout GGUFCursor) throws(ReadError) -> GGUFTensorType {
    let start = cursor.offset
    let number = try cursor.uint32()
    if let type = GGUFTensorType(number: number) { return type }
    if let name = GGUFTensorType.unsupportedName(number: number) {
      throw ReadError(.unsupportedDType, at: start, found: name)
    }
    throw ReadError(.ggufTensorType, at: start, found: "\(number)")
  }
}
