import CKernels
import Testing

/// Compares the kernels for several rows with explicit sums, on memory that ends with the last row.
@Suite("Resize kernels for several rows") struct ResizeRowsKernelTests {
  /// Every instruction set that this machine supports.
  static let isas = (0..<PK_ISA_COUNT).map { pk_isa(rawValue: UInt32($0)) }.filter {
    pk_kernels_for($0) != nil
  }

  /// Hard edges, so that sums overshoot on both sides.
  private func samples(_ count: Int) -> [UInt8] {
    (0..<count).map { [0, 255, 255, 0, 255, 7, 0, 0, 200][$0 % 9] }
  }

  private func rounded(_ sum: Int) -> UInt8 {
    UInt8(max(0, min(255, (sum + 1 << 21) >> 22)))
  }

  private func expected(
    _ rows: [UInt8], _ axis: pk_resize_axis, rowCount: Int, channels: Int
  ) -> [UInt8] {
    var result: [UInt8] = []
    for y in 0..<rowCount {
      for index in 0..<axis.output {
        let tap = pk_resize_taps_of(axis, index)
        var weights = [Int32](repeating: 0, count: pk_resize_max_taps(axis))
        pk_resize_weights_i32(axis, UInt32(PK_RESIZE_PILLOW_BITS), index, &weights)
        for channel in 0..<channels {
          let sum = (0..<tap.count).reduce(0) { sum, k in
            sum + Int(rows[(y * axis.input + tap.first + k) * channels + channel]) * Int(weights[k])
          }
          result.append(rounded(sum))
        }
      }
    }
    return result
  }

  private func found(
    _ rows: [UInt8], _ axis: pk_resize_axis, rowCount: Int, channels: Int, _ isa: pk_isa
  ) -> [UInt8] {
    let kernels = pk_resize_rows_kernels_for(isa).pointee
    let byteCount = pk_resize_packed_bytes(kernels.layout, pk_resize_max_taps(axis), channels)
    var packed = [Int32](repeating: 0, count: byteCount / 4 * axis.output)
    var taps: [pk_resize_taps] = []
    var weights = [Int32](repeating: 0, count: pk_resize_max_taps(axis))
    for index in 0..<axis.output {
      taps.append(pk_resize_taps_of(axis, index))
      pk_resize_weights_i32(axis, UInt32(PK_RESIZE_PILLOW_BITS), index, &weights)
      packed.withUnsafeMutableBytes { packed in
        guard let start = packed.baseAddress else { return }
        pk_resize_pack(
          kernels.layout, taps[index].count, channels, weights, byteCount, start + index * byteCount)
      }
    }
    let rowBytes = axis.input * channels
    var output = [UInt8](repeating: 0xAA, count: rowCount * axis.output * channels)
    // A copy of exactly the rows, so that the sanitizers see a read beyond them.
    let exact = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rowCount * rowBytes)
    defer { exact.deallocate() }
    _ = exact.initialize(fromContentsOf: rows.prefix(rowCount * rowBytes))
    guard let first = exact.baseAddress else { return [] }
    var input = pk_resize_rows(
      first: UnsafePointer(first), count: rowCount, stride: rowBytes, byte_count: rowBytes)
    kernels.rows(
      &input, taps, packed, byteCount, axis.output, channels, &output, axis.output * channels)
    return output
  }

  @Test("Rows of every length, number and channel count equal explicit sums", arguments: 1...4)
  func rows(channels: Int) {
    for input in [1, 2, 7, 8, 9, 15, 16, 17, 23, 33, 64, 100, 400] {
      for output in [1, 3, 10, 41] {
        let axis = pk_resize_axis(input: input, output: output, filter: PK_RESIZE_BICUBIC)
        let rows = samples(9 * input * channels)
        for rowCount in [1, 2, 4, 7, 9] {
          let expected = expected(rows, axis, rowCount: rowCount, channels: channels)
          for isa in Self.isas {
            #expect(
              found(rows, axis, rowCount: rowCount, channels: channels, isa) == expected,
              "\(input) to \(output), \(rowCount) rows")
          }
        }
      }
    }
  }

  @Test("No weight exceeds three signed digits") func digits() {
    let limit = 127 * (1 + 256 + 65_536)
    for filter in [PK_RESIZE_BICUBIC, PK_RESIZE_BILINEAR] {
      for input in Array(1...40) + [63, 100, 255, 1000, 65_536] {
        for output in [1, 2, 3, 5, 8, 31, 224, 500] {
          let axis = pk_resize_axis(input: input, output: output, filter: filter)
          var weights = [Int32](repeating: 0, count: pk_resize_max_taps(axis))
          for index in 0..<output {
            pk_resize_weights_i32(axis, UInt32(PK_RESIZE_PILLOW_BITS), index, &weights)
            for weight in weights { #expect(abs(Int(weight)) * 3 / 2 < limit) }
          }
        }
      }
    }
  }

  @Test("Digits give the weight back") func packing() {
    let weights: [Int32] = [0, 1, -1, 127, 128, -128, -129, 32_767, 32_768, -8_355_711, 8_355_711, 4_194_304]
    var packed = [Int32](repeating: 0, count: 12)
    pk_resize_pack(PK_RESIZE_DIGITS, weights.count, 3, weights, 48, &packed)
    let digits = packed.withUnsafeBytes { $0.map { Int(Int8(bitPattern: $0)) } }
    for (index, weight) in weights.enumerated() {
      #expect(digits[index] + 256 * digits[16 + index] + 65_536 * digits[32 + index] == Int(weight))
    }
  }
}
