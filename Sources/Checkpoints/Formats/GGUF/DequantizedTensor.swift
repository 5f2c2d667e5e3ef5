internal import Archives
internal import Bytes

extension ComputedBytes {
  /// A block-quantized tensor as FP32 values, at most 13 times the bytes that are stored.
  ///
  /// - Precondition: `stored` holds whole blocks; whoever checked its range knows.
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
