public import Archives
internal import TensorTypes

extension CheckpointTensor {
  /// Writes `output.count` values as FP32, in row-major order, starting at flat index `first`.
  ///
  /// FP16, bfloat16 and integers up to 24 bits convert exactly. FP64 and wider integers round to nearest even.
  ///
  /// - Precondition: `first + output.count <= elementCount`.
  /// - Throws: errors from inflating a compressed member.
  public func readFloats(
    into output: UnsafeMutableBufferPointer<Float>, from first: Int = 0
  ) throws(ReadError) {
    precondition(first >= 0 && first + output.count <= elementCount, "elements outside \(name)")
    guard !output.isEmpty else { return }
    let slice = try loadStorage()
    let width = dtype.byteWidth
    let start = storageOffset * width
    // The initializer has checked that the view is inside the storage.
    slice.bytes.withUnsafeBytes { storage in
      let origin = UnsafeRawBufferPointer(rebasing: storage[start...])
      if hasRowMajorStrides {
        let run = UnsafeRawBufferPointer(rebasing: origin[first * width..<(first + output.count) * width])
        widen(run, stride: 1, into: output)
      } else {
        gather(origin, from: first, into: output)
      }
    }
  }

  /// Writes the values into a span.
  public func readFloats(into output: inout MutableSpan<Float>, from first: Int = 0) throws(ReadError) {
    try output.withUnsafeMutableBufferPointer { buffer throws(ReadError) in
      try readFloats(into: buffer, from: first)
    }
  }

  /// All values.
  public func floats() throws(ReadError) -> [Float] {
    var values = [Float](repeating: 0, count: elementCount)
    var span = values.mutableSpan
    try readFloats(into: &span)
    return values
  }

  /// Copies row by row along the last axis, in the order of the indices before it.
  private func gather(
    _ origin: UnsafeRawBufferPointer, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) {
    let rowLength = shape[shape.count - 1]
    let rowStride = strides[strides.count - 1]
    var written = 0
    while written < output.count {
      let (row, column) = (first + written).quotientAndRemainder(dividingBy: rowLength)
      let count = min(rowLength - column, output.count - written)
      let start = (rowOffset(row) + column * rowStride) * dtype.byteWidth
      widen(
        UnsafeRawBufferPointer(rebasing: origin[start...]), stride: rowStride,
        into: UnsafeMutableBufferPointer(rebasing: output[written..<written + count]))
      written += count
    }
  }

  /// Elements from the view's first value to the start of row `row`, with rows counted over all axes but the last.
  private func rowOffset(_ row: Int) -> Int {
    var rest = row
    var offset = 0
    for axis in shape.indices.dropLast().reversed() {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: shape[axis])
      offset += index * strides[axis]
      rest = quotient
    }
    return offset
  }

  private func widen(
    _ source: UnsafeRawBufferPointer, stride: Int, into output: UnsafeMutableBufferPointer<Float>
  ) {
    if dtype == .f32, stride == 1, !isBigEndian {
      let target = UnsafeMutableRawBufferPointer(output)
      // The slice of a row of a strided view extends to the end of its storage.
      precondition(target.count <= source.count, "run outside storage")
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<target.count]))
      return
    }
    let elements = StoredElements(source: source, stride: stride, isSwapped: isBigEndian)
    switch dtype {
    case .f32: elements.forEach(UInt32.self, into: output) { Float(bitPattern: $0) }
    case .f16: elements.forEach(UInt16.self, into: output) { widenFloat16($0) }
    case .bf16: elements.forEach(UInt16.self, into: output) { Float(bitPattern: UInt32($0) << 16) }
    case .f64: elements.forEach(UInt64.self, into: output) { Float(Double(bitPattern: $0)) }
    case .i64: elements.forEach(UInt64.self, into: output) { Float(Int64(bitPattern: $0)) }
    case .u64: elements.forEach(UInt64.self, into: output) { Float($0) }
    case .i32: elements.forEach(UInt32.self, into: output) { Float(Int32(bitPattern: $0)) }
    case .u32: elements.forEach(UInt32.self, into: output) { Float($0) }
    case .i16: elements.forEach(UInt16.self, into: output) { Float(Int16(bitPattern: $0)) }
    case .u16: elements.forEach(UInt16.self, into: output) { Float($0) }
    case .i8: elements.forEach(UInt8.self, into: output) { Float(Int8(bitPattern: $0)) }
    case .u8: elements.forEach(UInt8.self, into: output) { Float($0) }
    case .bool: elements.forEach(UInt8.self, into: output) { $0 == 0 ? 0 : 1 }
    }
  }
}

/// Unaligned integers of one width at a fixed stride.
private struct StoredElements {
  var source: UnsafeRawBufferPointer
  /// In elements.
  var stride: Int
  var isSwapped: Bool

  @inline(__always)
  func forEach<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ type: Bits.Type, into output: UnsafeMutableBufferPointer<Float>, _ value: (Bits) -> Float
  ) {
    guard let base = source.baseAddress else { return }
    let step = stride * MemoryLayout<Bits>.size
    precondition((output.count - 1) * step + MemoryLayout<Bits>.size <= source.count, "run outside storage")
    if isSwapped {
      for index in 0..<output.count {
        output[index] = value(base.loadUnaligned(fromByteOffset: index &* step, as: Bits.self).byteSwapped)
      }
    } else if stride == 1 {
      // A constant step lets the compiler vectorize.
      for index in 0..<output.count {
        let bits = base.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
        output[index] = value(bits)
      }
    } else {
      for index in 0..<output.count {
        output[index] = value(base.loadUnaligned(fromByteOffset: index &* step, as: Bits.self))
      }
    }
  }
}

/// Converts IEEE half to single, branch-free so that it vectorizes without F16C. Exact for every value, including
/// quiet NaNs.
///
/// The 15 magnitude bits, moved to single's position, are a number 2^112 too small. One multiplication fixes the
/// exponent and also normalizes subnormals. Infinities and NaNs become 2^16 or more, and their exponent is filled.
@inline(__always)
func widenFloat16(_ bits: UInt16) -> Float {
  let magnitude = UInt32(bits & 0x7FFF) << 13
  let scaled = Float(bitPattern: magnitude) * Float(bitPattern: (127 + 112) << 23)
  let exponentFill: UInt32 = scaled >= 65536 ? 0x7F80_0000 : 0
  return Float(bitPattern: scaled.bitPattern | exponentFill | UInt32(bits & 0x8000) << 16)
}
