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

/// Blocks of 32 elements. The low nibbles of the bytes are the first 16 elements, the high nibbles the last 16.
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

/// K-quants: blocks of 256 elements in runs of 16 or 32. Each run has its own small integer scale (and minimum),
/// multiplied by one or two floats of the block.
extension QuantizedBlock {
  /// 16 bytes of scale and minimum (4 bits each), 64 bytes of 2-bit values, f16 d, f16 dmin.
  func dequantizeQ2K(into values: inout MutableSpan<Float>, from first: Int) {
    let (scale, least) = (half(80), half(82))
    for run in 0..<16 {
      let pair = self[run]
      let runScale = scale * Float(pair & 15)
      let runLeast = least * Float(pair >> 4)
      let twoBits = TwoBitRun(run)
      for index in 0..<16 {
        let value = self[16 + twoBits.byte + index] >> twoBits.shift & 3
        values[first + 16 * run + index] = runScale * Float(value) - runLeast
      }
    }
  }

  /// 32 bytes of third bits, 64 bytes of 2-bit values, 16 scales of 6 bits in 12 bytes, f16 d.
  func dequantizeQ3K(into values: inout MutableSpan<Float>, from first: Int) {
    let scale = half(108)
    for run in 0..<16 {
      let runScale = scale * Float(sixBitScaleQ3(run))
      let twoBits = TwoBitRun(run)
      // Each half of the block and each shift uses one bit of the same 32 bytes. A zero bit subtracts 4.
      let thirdBit = UInt8(1) << UInt8(run / 2)
      for index in 0..<16 {
        let low = Int(self[32 + twoBits.byte + index] >> twoBits.shift & 3)
        let isSet = self[twoBits.byte % 32 + index] & thirdBit != 0
        values[first + 16 * run + index] = runScale * Float(low - (isSet ? 0 : 4))
      }
    }
  }

  /// f16 d, f16 dmin, 8 scales and minima of 6 bits in 12 bytes, 128 bytes of 4-bit values.
  func dequantizeQ4K(into values: inout MutableSpan<Float>, from first: Int) {
    let (scale, least) = (half(0), half(2))
    for run in 0..<8 {
      let (runScale, runLeast) = scaleAndLeast(run, scale, least)
      let shift = UInt8(4 * (run % 2))
      for index in 0..<32 {
        let value = self[16 + 32 * (run / 2) + index] >> shift & 15
        values[first + 32 * run + index] = runScale * Float(value) - runLeast
      }
    }
  }

  /// Like Q4_K, with 32 bytes of fifth bits before the values.
  func dequantizeQ5K(into values: inout MutableSpan<Float>, from first: Int) {
    let (scale, least) = (half(0), half(2))
    for run in 0..<8 {
      let (runScale, runLeast) = scaleAndLeast(run, scale, least)
      let shift = UInt8(4 * (run % 2))
      for index in 0..<32 {
        let low = self[48 + 32 * (run / 2) + index] >> shift & 15
        let fifth = self[16 + index] >> UInt8(run) & 1
        values[first + 32 * run + index] = runScale * Float(low | fifth << 4) - runLeast
      }
    }
  }

  /// 128 bytes of low nibbles, 64 bytes of upper two bits, 16 signed scales, f16 d; values are 32 too large.
  func dequantizeQ6K(into values: inout MutableSpan<Float>, from first: Int) {
    let scale = half(208)
    for run in 0..<16 {
      let runScale = scale * Float(signed(192 + run))
      // Each half of the block has 64 low bytes and 32 upper ones; its eight runs share them in quarters.
      let (block, quarter, start) = (run / 8, run % 8 / 2, run % 2 * 16)
      let lowByte = 64 * block + quarter % 2 * 32 + start
      let lowShift = UInt8(quarter / 2 * 4)
      for index in 0..<16 {
        let low = Int(self[lowByte + index] >> lowShift & 15)
        let upper = Int(self[128 + 32 * block + start + index] >> UInt8(2 * quarter) & 3)
        values[first + 16 * run + index] = runScale * Float((low | upper << 4) - 32)
      }
    }
  }

  /// f32 d, 256 signed bytes, and sums that only dot products use.
  func dequantizeQ8K(into values: inout MutableSpan<Float>, from first: Int) {
    let scale = Float(bitPattern: word(0))
    for index in 0..<256 { values[first + index] = scale * Float(signed(4 + index)) }
  }

  /// Low four bits in bytes 96 to 103, two runs per byte; upper two in 104 to 107, four runs per byte. 32 too large.
  private func sixBitScaleQ3(_ run: Int) -> Int {
    let low = self[96 + run % 8] >> UInt8(run / 8 * 4) & 15
    let upper = self[104 + run % 4] >> UInt8(run / 4 * 2) & 3
    return Int(low | upper << 4) - 32
  }

  /// For Q4_K and Q5_K: the first four of each have 6 bits of bytes 4 to 11, the last four are in the remaining bits.
  private func scaleAndLeast(_ run: Int, _ scale: Float, _ least: Float) -> (scale: Float, least: Float) {
    guard run >= 4 else {
      return (scale * Float(self[4 + run] & 63), least * Float(self[8 + run] & 63))
    }
    let rest = self[8 + run]
    let runScale = rest & 15 | (self[run] >> 6) << 4
    let runLeast = rest >> 4 | (self[4 + run] >> 6) << 4
    return (scale * Float(runScale), least * Float(runLeast))
  }
}

/// The position of a run of 16 two-bit values in Q2_K and Q3_K: each half of the block has 32 bytes, which its eight
/// runs share at different shifts.
private struct TwoBitRun {
  let byte: Int
  let shift: UInt8

  init(_ run: Int) {
    byte = run / 8 * 32 + run % 2 * 16
    shift = UInt8(run % 8 / 2 * 2)
  }
}
