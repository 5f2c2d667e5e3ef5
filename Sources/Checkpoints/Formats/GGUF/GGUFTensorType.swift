internal import TensorTypes

/// The supported tensor types of GGUF (`ggml_type`).
enum GGUFTensorType: Equatable {
  case plain(DType)
  case blocks(BlockQuantization)

  init?(number: UInt32) {
    switch number {
    case 0: self = .plain(.f32)
    case 1: self = .plain(.f16)
    case 2: self = .blocks(.q40)
    case 3: self = .blocks(.q41)
    case 6: self = .blocks(.q50)
    case 7: self = .blocks(.q51)
    case 8: self = .blocks(.q80)
    case 10: self = .blocks(.q2K)
    case 11: self = .blocks(.q3K)
    case 12: self = .blocks(.q4K)
    case 13: self = .blocks(.q5K)
    case 14: self = .blocks(.q6K)
    case 15: self = .blocks(.q8K)
    case 24: self = .plain(.i8)
    case 25: self = .plain(.i16)
    case 26: self = .plain(.i32)
    case 27: self = .plain(.i64)
    case 28: self = .plain(.f64)
    case 30: self = .plain(.bf16)
    default: return nil
    }
  }

  /// Types of ggml in which no CLIP is published.
  static func unsupportedName(number: UInt32) -> String? {
    switch number {
    case 9: "Q8_1"
    case 16: "IQ2_XXS"
    case 17: "IQ2_XS"
    case 18: "IQ3_XXS"
    case 19: "IQ1_S"
    case 20: "IQ4_NL"
    case 21: "IQ3_S"
    case 22: "IQ2_S"
    case 23: "IQ4_XS"
    case 29: "IQ1_M"
    case 34: "TQ1_0"
    case 35: "TQ2_0"
    case 39: "MXFP4"
    case 40: "NVFP4"
    case 41: "Q1_0"
    case 42: "Q2_0"
    default: nil
    }
  }

  /// Elements along the fastest axis that are stored together.
  var blockElementCount: Int {
    switch self {
    case .plain: 1
    case .blocks(let quantization): quantization.blockElementCount
    }
  }

  var blockByteCount: Int {
    switch self {
    case .plain(let dtype): dtype.byteWidth
    case .blocks(let quantization): quantization.blockByteCount
    }
  }
}
