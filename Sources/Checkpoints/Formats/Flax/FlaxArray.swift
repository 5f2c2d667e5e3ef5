internal import Archives
internal import TensorTypes

/// An array as Flax packs it into a MessagePack extension: shape, name of the element type, values in C order,
/// little-endian.
struct FlaxArray: Equatable {
  var dtype: DType
  /// Slowest axis first.
  var shape: [Int]
  /// The ranges of the values, absolute in the file. A chunked array has several, in order.
  var pieces: [Range<Int>]

  var byteCount: Int { pieces.reduce(0) { $0 + $1.count } }

  /// Extension types with such a triple as content: an array and a NumPy scalar.
  static let extensionTypes: Set<Int8> = [1, 3]

  /// - Parameter range: the extension's content, absolute in the file.
  /// - Throws: `flaxArrayInvalid`, `flaxArrayBytes`, `unsupportedDType`, `numberOverflow` or `limitExceeded`.
  init(_ range: Range<Int>, in file: MappedFile, limits: Limits) throws(ReadError) {
    var lexer = MessagePackLexer(file.bytes.extracting(range), baseOffset: range.lowerBound)
    do throws(ReadError) {
      guard try lexer.next() == .array(count: 3) else {
        throw Self.invalid(at: range.lowerBound, "an array of shape, type and bytes")
      }
      shape = try Self.shape(&lexer, limits: limits)
      dtype = try Self.dtype(&lexer)
      guard case .binary(let bytes) = try lexer.next(), lexer.isAtEnd else {
        throw Self.invalid(at: range.lowerBound, "bytes up to the end of the extension")
      }
      pieces = [bytes]
    } catch  where error.code == .truncatedFile || ReadError.Code.messagePack.contains(error.code) {
      throw ReadError(
        .flaxArrayInvalid, at: error.byteOffset, expected: error.expected, found: error.found)
    }
    try requireBytes(byteCount, at: range.lowerBound)
  }

  /// Joins several chunks into one array.
  ///
  /// - Throws: `flaxArrayBytes` or `numberOverflow`.
  init(chunks: [FlaxArray], dtype: DType, shape: [Int], at offset: Int) throws(ReadError) {
    self.dtype = dtype
    self.shape = shape
    self.pieces = chunks.flatMap(\.pieces)
    try requireBytes(byteCount, at: offset)
  }

  private func requireBytes(_ count: Int, at offset: Int) throws(ReadError) {
    guard let elements = elementCount(of: shape),
      case (let bytes, let overflow) = elements.multipliedReportingOverflow(by: dtype.byteWidth), !overflow
    else { throw ReadError(.numberOverflow, at: UInt64(offset), found: "shape \(shape)") }
    guard bytes == count else {
      throw ReadError(
        .flaxArrayBytes, at: UInt64(offset), expected: "\(bytes) bytes for \(dtype.safetensorsName) \(shape)",
        found: "\(count)")
    }
  }

  private static func shape(
    _ lexer: inout MessagePackLexer, limits: Limits
  ) throws(ReadError) -> [Int] {
    let offset = Int(lexer.offset)
    guard case .array(let rank) = try lexer.next() else { throw invalid(at: offset, "a shape") }
    guard rank <= limits.tensorRank else {
      throw ReadError(.limitExceeded, at: UInt64(offset), expected: "at most \(limits.tensorRank) axes")
    }
    var shape: [Int] = []
    for _ in 0..<rank {
      guard case .integer(let extent) = try lexer.next(), extent >= 0 else {
        throw invalid(at: offset, "a shape of integers of zero or more")
      }
      shape.append(extent)
    }
    return shape
  }

  private static func dtype(_ lexer: inout MessagePackLexer) throws(ReadError) -> DType {
    let offset = Int(lexer.offset)
    guard case .text(let range) = try lexer.next() else { throw invalid(at: offset, "the name of a type") }
    let name = try lexer.text(range)
    guard let dtype = dtypes[name] else {
      throw ReadError(.unsupportedDType, at: UInt64(offset), found: name)
    }
    return dtype
  }

  /// NumPy's names. Versions without ml_dtypes' name for bfloat16 wrote the type of its two bytes.
  private static let dtypes: [String: DType] = [
    "float64": .f64, "float32": .f32, "float16": .f16, "bfloat16": .bf16, "V2": .bf16, "|V2": .bf16,
    "<V2": .bf16, "void16": .bf16, "int64": .i64, "int32": .i32, "int16": .i16, "int8": .i8, "uint64": .u64,
    "uint32": .u32, "uint16": .u16, "uint8": .u8, "bool": .bool,
  ]

  private static func invalid(at offset: Int, _ expected: String) -> ReadError {
    ReadError(.flaxArrayInvalid, at: UInt64(offset), expected: expected)
  }
}
