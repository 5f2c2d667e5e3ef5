/// Element types that published checkpoints store.
///
/// Names and widths follow the safetensors format; PyTorch storages and the other containers map onto them.
public enum DType: UInt8, Sendable, Equatable, Hashable, CaseIterable {
  case f64, f32, f16, bf16
  case i64, i32, i16, i8
  case u64, u32, u16, u8
  case bool

  /// Bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool: 1
    }
  }

  /// Whether values are IEEE or bfloat16 floating point, the only types that weights are computed from.
  public var isFloatingPoint: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16: true
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: false
    }
  }

  /// The spelling in a safetensors header.
  public var safetensorsName: StaticString {
    switch self {
    case .f64: "F64"
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    case .i64: "I64"
    case .i32: "I32"
    case .i16: "I16"
    case .i8: "I8"
    case .u64: "U64"
    case .u32: "U32"
    case .u16: "U16"
    case .u8: "U8"
    case .bool: "BOOL"
    }
  }

  /// The type whose safetensors spelling is `name`, given as UTF-8; nil for types that are not supported (F8, F4,
  /// complex).
  public init?(safetensorsName name: Span<UInt8>) {
    for candidate in DType.allCases where candidate.safetensorsName.matches(name) {
      self = candidate
      return
    }
    return nil
  }
}

extension StaticString {
  /// Whether the UTF-8 bytes are exactly this literal. Embedded Swift has no `String` comparison.
  package func matches(_ bytes: Span<UInt8>) -> Bool {
    withUTF8Buffer { literal in
      guard literal.count == bytes.count else { return false }
      for index in 0..<bytes.count where literal[index] != bytes[index] { return false }
      return true
    }
  }
}
