/// Blocks of 32 elements. The low halves of the bytes are the first 16, the high halves the last 16.
extension QuantizedBlock {
  /// f16 d, 16 bytes: (q − 8) · d.
  func dequantizeQ40(into values: inout MutableSpan<Float>, from first: Int) {
    let scale = half(0)
    for index in 0..<16 {
      let byte = Int(self[2 + index])
      values[first + index] = Float((byte & 15) - 8) * scale
      values[first + index + 16] = Float((byte >> 4) - 8) * scale
    }
  }

  /// f16 d, f16 m, 16 bytes: q · d + m.
  func dequantizeQ41(into values: inout MutableSpan<Float>, from first: Int) {
    let (scale, least) = (half(0), half(2))
    for index in 0..<16 {
      let byte = self[4 + index]
      values[first + index] = Float(byte & 15) * scale + least
      values[first + index + 16] = Float(byte >> 4) * scale + least
    }
  }

  /// f16 d, the fifth bits in 4 bytes, 16 bytes: (q − 16) · d.
  func dequantizeQ50(into values: inout MutableSpan<Float>, from first: Int) {
    let (scale, fifthBits) = (half(0), word(2))
    for index in 0..<16 {
      let (low, high) = fiveBits(self[6 + index], fifthBits, index)
      values[first + index] = Float(low - 16) * scale
      values[first + index + 16] = Float(high - 16) * scale
    }
  }

  /// f16 d, f16 m, the fifth bits in 4 bytes, 16 bytes: q · d + m.
  func dequantizeQ51(into values: inout MutableSpan<Float>, from first: Int) {
    let (scale, least, fifthBits) = (half(0), half(2), word(4))
    for index in 0..<16 {
      let (low, high) = fiveBits(self[8 + index], fifthBits, index)
      values[first + index] = Float(low) * scale + least
      values[first + index + 16] = Float(high) * scale + least
    }
  }

  /// f16 d, 32 signed bytes: q · d.
  func dequantizeQ80(into values: inout MutableSpan<Float>, from first: Int) {
    let scale = half(0)
    for index in 0..<32 { values[first + index] = Float(signed(2 + index)) * scale }
  }

  /// Bit j of the word is the fifth of element j.
  @inline(__always)
  private func fiveBits(_ byte: UInt8, _ fifthBits: UInt32, _ index: Int) -> (low: Int, high: Int) {
    let bits = Int(fifthBits >> UInt32(index))
    return (Int(byte & 15) | (bits & 1) << 4, Int(byte >> 4) | (bits >> 16 & 1) << 4)
  }
}
