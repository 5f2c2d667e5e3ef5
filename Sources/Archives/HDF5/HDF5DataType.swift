internal import Bytes
internal import TensorTypes

/// The type of a dataset's or attribute's elements, for the types that weights and texts use.
enum HDF5DataType: Equatable {
  case number(DType, isBigEndian: Bool)
  /// Bytes without further type. bfloat16 is stored this way, with an attribute that identifies it.
  case opaque(byteCount: Int)
  case fixedText(byteCount: Int)
  case variableText
  /// All other types, by name.
  case other(String, byteCount: Int)

  var byteCount: Int {
    switch self {
    case .number(let dtype, _): dtype.byteWidth
    case .opaque(let count), .fixedText(let count), .other(_, let count): count
    case .variableText: 16
    }
  }

  /// - Throws: `hdf5Version`, `hdf5TooShort`.
  init(_ message: HDF5Cursor) throws(ReadError) {
    var cursor = message
    let start = cursor.offset
    let head = try cursor.small(1)
    guard (1...4).contains(head >> 4) else {
      throw ReadError(.hdf5Version, at: start, expected: "1...4 of a datatype", found: "\(head >> 4)")
    }
    let bits = try cursor.small(3)
    let byteCount = try cursor.small(4)
    switch head & 0x0F {
    case 0: self = try Self.integer(&cursor, bits, byteCount)
    case 1: self = try Self.float(&cursor, bits, byteCount)
    case 3: self = .fixedText(byteCount: byteCount)
    case 5: self = .opaque(byteCount: byteCount)
    case 9:
      self = try Self.variable(&cursor, bits, byteCount)
    case let kind: self = .other(Self.name(kind), byteCount: byteCount)
    }
  }

  /// An element is a length and a position in a global heap: an address and a number. For a text, the heap holds
  /// bytes.
  private static func variable(
    _ cursor: inout HDF5Cursor, _ bits: Int, _ byteCount: Int
  ) throws(ReadError) -> Self {
    try cursor.skip(4)
    let isText = try cursor.small(4) == 1 && bits & 0x0F == 1 && byteCount == 8 + cursor.widths.address
    return isText ? .variableText : .other("variable-length", byteCount: byteCount)
  }

  private static func integer(
    _ cursor: inout HDF5Cursor, _ bits: Int, _ byteCount: Int
  ) throws(ReadError) -> Self {
    let (offset, precision) = (try cursor.small(2), try cursor.small(2))
    let dtype: DType? =
      switch (byteCount, bits & 0x08 != 0) {
      case (1, true): .i8
      case (1, false): .u8
      case (2, true): .i16
      case (2, false): .u16
      case (4, true): .i32
      case (4, false): .u32
      case (8, true): .i64
      case (8, false): .u64
      default: nil
      }
    guard let dtype, offset == 0, precision == 8 * byteCount else {
      return .other("\(precision)-bit integer", byteCount: byteCount)
    }
    return .number(dtype, isBigEndian: bits & 1 != 0)
  }

  /// Bit positions of the fields of IEEE's and Google's formats, from the least significant bit.
  private struct FloatFields: Equatable {
    var byteCount: Int
    var sign: Int
    var exponentAt: Int
    var exponentBits: Int
    var mantissaBits: Int
    var bias: Int

    static let known: [(FloatFields, DType)] = [
      (.init(byteCount: 2, sign: 15, exponentAt: 10, exponentBits: 5, mantissaBits: 10, bias: 15), .f16),
      (.init(byteCount: 2, sign: 15, exponentAt: 7, exponentBits: 8, mantissaBits: 7, bias: 127), .bf16),
      (.init(byteCount: 4, sign: 31, exponentAt: 23, exponentBits: 8, mantissaBits: 23, bias: 127), .f32),
      (.init(byteCount: 8, sign: 63, exponentAt: 52, exponentBits: 11, mantissaBits: 52, bias: 1023), .f64),
    ]
  }

  private static func float(
    _ cursor: inout HDF5Cursor, _ bits: Int, _ byteCount: Int
  ) throws(ReadError) -> Self {
    let (offset, precision) = (try cursor.small(2), try cursor.small(2))
    let (exponentAt, exponentBits) = (try cursor.small(1), try cursor.small(1))
    let (mantissaAt, mantissaBits) = (try cursor.small(1), try cursor.small(1))
    let fields = FloatFields(
      byteCount: byteCount, sign: bits >> 8 & 0xFF, exponentAt: exponentAt, exponentBits: exponentBits,
      mantissaBits: mantissaBits, bias: try cursor.small(4))
    let hasHiddenBit = bits >> 4 & 3 == 2
    let isMixedOrder = bits & 0x40 != 0
    guard let dtype = FloatFields.known.first(where: { $0.0 == fields })?.1, hasHiddenBit, !isMixedOrder,
      offset == 0, mantissaAt == 0, precision == 8 * byteCount
    else { return .other("\(precision)-bit float that is not IEEE's", byteCount: byteCount) }
    return .number(dtype, isBigEndian: bits & 1 != 0)
  }

  private static func name(_ kind: Int) -> String {
    switch kind {
    case 2: "time"
    case 4: "bit field"
    case 6: "compound"
    case 7: "reference"
    case 8: "enumeration"
    case 10: "array"
    default: "class \(kind)"
    }
  }
}

/// The extents of a dataset or attribute.
struct HDF5Dataspace {
  /// Nil for the null dataspace, which has no elements and no shape.
  let shape: [Int]?

  /// - Throws: `hdf5Version`, `hdf5TooShort`, `hdf5Message`, `limitExceeded` or `numberOverflow`.
  init(_ message: HDF5Cursor, limits: Limits) throws(ReadError) {
    var cursor = message
    let version = try cursor.version(1...2, of: "dataspace")
    let offset = cursor.offset
    let rank = try cursor.small(1)
    guard rank <= limits.tensorRank else {
      throw ReadError(
        .limitExceeded, at: offset, expected: "at most \(limits.tensorRank) axes", found: "\(rank)")
    }
    let hasMaxima = try cursor.small(1) & 1 != 0
    let kind = version == 2 ? try Self.kind(&cursor, rank: rank) : .simple
    if version == 1 { try cursor.skip(5) }
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try cursor.length()) }
    if hasMaxima { try cursor.skip(rank * cursor.widths.length) }
    guard elementCount(of: shape) != nil else {
      throw ReadError(.numberOverflow, at: offset, found: "shape \(shape)")
    }
    self.shape = kind == .null ? nil : shape
  }

  private enum Kind: Int {
    case scalar, simple, null
  }

  /// - Throws: `hdf5Message`.
  private static func kind(_ cursor: inout HDF5Cursor, rank: Int) throws(ReadError) -> Kind {
    let offset = cursor.offset
    let number = try cursor.small(1)
    guard let kind = Kind(rawValue: number), rank == 0 || kind == .simple else {
      throw ReadError(
        .hdf5Message, at: offset, expected: "a dataspace of kind 0...2, axes for kind 1 alone",
        found: "kind \(number) with \(rank) axes")
    }
    return kind
  }
}
