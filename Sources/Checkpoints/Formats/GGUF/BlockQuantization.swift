internal import Archives

/// ggml's block-quantized types: adjacent elements of a row share scales (`ggml-common.h`, `block_q4_0` and similar).
enum BlockQuantization: CaseIterable {
  case q40, q41, q50, q51, q80
  case q2K, q3K, q4K, q5K, q6K, q8K

  /// ggml's spelling.
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

  /// Writes the values of one block in FP32, with ggml's order of operations, so that the result is bit-exact.
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

extension ComputedBytes {
  /// A block-quantized tensor as FP32 values, at most 13 times the stored bytes.
  ///
  /// - Precondition: `stored` holds complete blocks. The caller has checked its range.
  static func dequantized(_ stored: FileSlice, _ quantization: BlockQuantization) -> ComputedBytes {
    let blockCount = stored.byteCount / quantization.blockByteCount
    return ComputedBytes(
      byteCount: blockCount * quantization.blockElementCount * MemoryLayout<Float>.size,
      encoding: quantization.name, from: [stored]
    ) { output throws(ReadError) in
      let bytes = stored.bytes
      var values = MutableSpan(_unsafeElements: output.bindMemory(to: Float.self))
      for block in 0..<blockCount {
        let start = block * quantization.blockByteCount
        quantization.dequantize(
          QuantizedBlock(bytes.extracting(start..<start + quantization.blockByteCount)), into: &values,
          from: block * quantization.blockElementCount)
      }
    }
  }
}
