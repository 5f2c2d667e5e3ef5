/// ggml's block-quantized types: neighbouring elements of a row that share scales (`ggml-common.h`, `block_q4_0` and
/// its kin).
enum BlockQuantization: CaseIterable {
  case q40, q41, q50, q51, q80
  case q2K, q3K, q4K, q5K, q6K, q8K

  /// As ggml spells it.
  var name: String {
    switch self {
    case .q40: "Q4_0"
    case .q41: "Q4_1"
    case .q50: "Q5_0"
    case .q51: "Q5_1"
    case .q80: "Q8_0"
    case .q2K: "Q2_K"
    case .q3K: "Q3_K"
    case .q4K: "Q4_K"
    case .q5K: "Q5_K"
    case .q6K: "Q6_K"
    case .q8K: "Q8_K"
    }
  }

  var blockElementCount: Int {
    switch self {
    case .q40, .q41, .q50, .q51, .q80: 32
    case .q2K, .q3K, .q4K, .q5K, .q6K, .q8K: 256
    }
  }

  var blockByteCount: Int {
    switch self {
    case .q40: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    case .q2K: 84
    case .q3K: 110
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    case .q8K: 292
    }
  }

  /// Writes the values of one block, in FP32 and with ggml's order of operations, so that every bit is ggml's.
  ///
  /// - Precondition: `block` has `blockByteCount` bytes, `values` holds `blockElementCount` from `first` on.
  func dequantize(_ block: QuantizedBlock, into values: inout MutableSpan<Float>, from first: Int) {
    switch self {
    case .q40: block.dequantizeQ40(into: &values, from: first)
    case .q41: block.dequantizeQ41(into: &values, from: first)
    case .q50: block.dequantizeQ50(into: &values, from: first)
    case .q51: block.dequantizeQ51(into: &values, from: first)
    case .q80: block.dequantizeQ80(into: &values, from: first)
    case .q2K: block.dequantizeQ2K(into: &values, from: first)
    case .q3K: block.dequantizeQ3K(into: &values, from: first)
    case .q4K: block.dequantizeQ4K(into: &values, from: first)
    case .q5K: block.dequantizeQ5K(into: &values, from: first)
    case .q6K: block.dequantizeQ6K(into: &values, from: first)
    case .q8K: block.dequantizeQ8K(into: &values, from: first)
    }
  }
}

/// The bytes of one block, little-endian.
struct QuantizedBlock: ~Escapable {
  private let bytes: RawSpan

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  @inline(__always)
  subscript(offset: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  func signed(_ offset: Int) -> Int8 { Int8(bitPattern: self[offset]) }

  @inline(__always)
  func half(_ offset: Int) -> Float {
    widenFloat16(UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)))
  }

  @inline(__always)
  func word(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
