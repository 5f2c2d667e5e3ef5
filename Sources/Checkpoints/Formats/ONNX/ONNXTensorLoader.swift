internal import Archives
internal import Bytes
internal import TensorTypes

/// Creates tensors from TensorProtos. The bytes stay where they are: in the file, or in an external file.
struct ONNXTensorLoader {
  let file: MappedFile
  let limits: Limits
  private(set) var externalFiles: [String: MappedFile] = [:]

  init(file: MappedFile, limits: Limits) {
    self.file = file
    self.limits = limits
  }

  /// Nil for text tensors.
  ///
  /// - Throws: `onnxTensorSize`, `onnxTensorInvalid`, any `onnxExternal…` code, `unsupportedDType`.
  mutating func tensor(_ record: ONNXTensor) throws(ReadError) -> CheckpointTensor? {
    do throws(ReadError) {
      guard let dtype = try ONNXElementType.dtype(of: record) else { return nil }
      try ONNXElementType.requireField(of: record)
      guard let count = elementCount(of: record.shape),
        let byteCount = checkedProduct(count, dtype.byteWidth),
        let strides = StridedLayout.rowMajorStrides(of: record.shape)
      else { throw ReadError(.numberOverflow, at: UInt64(record.offset), found: "shape \(record.shape)") }
      let storage = try storage(record, dtype, byteCount: byteCount)
      return try CheckpointTensor(
        name: record.name, dtype: dtype, shape: record.shape, strides: strides, storageOffset: 0,
        storage: storage, file: (storage as? FileSlice)?.file.path ?? file.path)
    } catch {
      throw record.name.isEmpty || !error.path.isEmpty ? error : error.inside(.tensor(record.name))
    }
  }

  private mutating func storage(
    _ record: ONNXTensor, _ dtype: DType, byteCount: Int
  ) throws(ReadError) -> any ByteSource {
    let offset = UInt64(record.offset)
    switch record.values {
    case .none:
      guard byteCount == 0 else {
        throw ReadError(.onnxTensorSize, at: offset, expected: "\(byteCount) bytes", found: "no values")
      }
      return FileSlice(file: file, range: 0..<0)
    case .bytes(let range):
      guard range.count == byteCount else {
        throw ReadError(
          .onnxTensorSize, at: offset, expected: "\(byteCount) bytes for shape \(record.shape)",
          found: "\(range.count)")
      }
      return FileSlice(file: file, range: range)
    case .varints(let range):
      let count = VarintRun.count(file, range)
      guard count == byteCount / dtype.byteWidth else {
        throw ReadError(
          .onnxTensorSize, at: offset, expected: "\(byteCount / dtype.byteWidth) values", found: "\(count)")
      }
      return try PackedVarints(file: file, range: range, byteWidth: dtype.byteWidth, byteCount: byteCount)
    case .external(let external):
      return try externalBytes(external, byteCount: byteCount, at: offset)
    }
  }

  private mutating func externalBytes(
    _ external: ONNXTensor.ExternalData, byteCount: Int, at recordOffset: UInt64
  ) throws(ReadError) -> FileSlice {
    let data = try externalFile(external.location, at: recordOffset)
    let length = external.length ?? String(byteCount)
    guard let start = UInt64(decimal: external.offset), let count = UInt64(decimal: length) else {
      throw ReadError(
        .onnxTensorInvalid, at: recordOffset, expected: "offset and length in decimal digits",
        found: "\(external.offset) and \(length)")
    }
    guard count == UInt64(byteCount) else {
      throw ReadError(.onnxTensorSize, at: recordOffset, expected: "\(byteCount) bytes", found: length)
    }
    guard let range = checkedRange(start: start, count: count, within: UInt64(data.byteCount)) else {
      throw ReadError(
        .onnxExternalRange, at: recordOffset, expected: "at most \(data.byteCount) bytes",
        found: "\(count) from \(start)")
    }
    return FileSlice(file: data, range: Int(range.lowerBound)..<Int(range.upperBound))
  }

  /// Maps an external file: a plain name, or a path below the model's folder. Names and links that lead elsewhere are
  /// rejected.
  private mutating func externalFile(_ location: String, at offset: UInt64) throws(ReadError) -> MappedFile {
    if let known = externalFiles[location] { return known }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    guard isPlain, !location.contains("\\"), !location.contains("\0") else {
      throw ReadError(.onnxExternalUnsafe, at: offset, expected: "a plain file name", found: location)
    }
    let folder = ModelFolder(containing: file.path)
    guard Folder.hasFile(folder.pathOf(location)) else {
      throw ReadError(.onnxExternalMissing, at: offset, found: location)
    }
    let mapped = try folder.map(location)
    limits.admit(mapped)
    externalFiles[location] = mapped
    return mapped
  }
}

extension UInt64 {
  /// Nil for signs and leading zeros.
  fileprivate init?(decimal text: String) {
    guard let number = UInt64(text), "\(number)" == text else { return nil }
    self = number
  }
}

/// The numbers of TensorProto.DataType.
enum ONNXElementType {
  static let bfloat16: Int64 = 16

  /// The element type; nil for text, which holds no weights.
  ///
  /// - Throws: `unsupportedDType` for types without a counterpart, `onnxTensorInvalid` for undefined numbers.
  static func dtype(of tensor: ONNXTensor) throws(ReadError) -> DType? {
    switch tensor.dataType {
    case 1: return .f32
    case 2: return .u8
    case 3: return .i8
    case 4: return .u16
    case 5: return .i16
    case 6: return .i32
    case 7: return .i64
    case 8: return nil
    case 9: return .bool
    case 10: return .f16
    case 11: return .f64
    case 12: return .u32
    case 13: return .u64
    case 16: return .bf16
    case 14, 15, 17...26:
      throw ReadError(
        .unsupportedDType, at: UInt64(tensor.offset), found: unsupported[tensor.dataType] ?? "a small float")
    default:
      throw ReadError(
        .onnxTensorInvalid, at: UInt64(tensor.offset), expected: "a data type of ONNX",
        found: "number \(tensor.dataType)")
    }
  }

  /// Each type has one field in addition to `raw_data`. Libraries read no other.
  ///
  /// - Throws: `onnxTensorInvalid`.
  static func requireField(of tensor: ONNXTensor) throws(ReadError) {
    let raw = 9
    let field =
      switch tensor.dataType {
      case 1: 4  // float_data
      case 7: 7  // int64_data
      case 11: 10  // double_data
      case 12, 13: 11  // uint64_data
      default: 5  // int32_data
      }
    guard [0, raw, field].contains(tensor.valuesField) else {
      throw ReadError(
        .onnxTensorInvalid, at: UInt64(tensor.offset), expected: "values in field \(raw) or \(field)",
        found: "field \(tensor.valuesField)")
    }
  }

  private static let unsupported: [Int64: String] = [
    14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2",
    20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
  ]
}
