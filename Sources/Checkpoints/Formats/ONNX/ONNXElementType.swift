internal import Archives
internal import TensorTypes

/// The numbers of TensorProto.DataType.
enum ONNXElementType {
  static let bfloat16: Int64 = 16

  /// The element type; nil for text, which carries no weights.
  ///
  /// - Throws: `unsupportedDType` for types without a counterpart, `onnxTensorInvalid` for numbers without a meaning.
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

  private static let unsupported: [Int64: String] = [
    14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2",
    20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
  ]
}
