import CKernels
import Testing

/// Compares the kernels with explicit sums, on memory that ends with the image.
@Suite("Resize kernels") struct ResizeKernelTests {
  /// Scalar on every machine, and this machine's fastest.
  static let isas: [pk_isa] = [PK_ISA_SCALAR, pk_kernels_detect().pointee.isa]

  private func axis(_ input: Int, _ output: Int) -> pk_resize_axis {
    pk_resize_axis(input: input, output: output, filter: PK_RESIZE_BICUBIC)
  }

  private func weights(
    _ axis: pk_resize_axis, _ output: Int, bits: UInt32 = UInt32(PK_RESIZE_PILLOW_BITS)
  ) -> (taps: pk_resize_taps, values: [Int32]) {
    var values = [Int32](repeating: 0, count: pk_resize_max_taps(axis))
    pk_resize_weights_i32(axis, bits, output, &values)
    return (pk_resize_taps_of(axis, output), values)
  }

  private func rounded(_ sum: Int) -> UInt8 {
    UInt8(max(0, min(255, (sum + 1 << 21) >> 22)))
  }

  /// Hard edges, so that sums overshoot on both sides.
  private func samples(_ count: Int) -> [UInt8] {
    (0..<count).map { [0, 255, 255, 0, 255, 7, 0, 0, 200][$0 % 9] }
  }

  @Test(
    "All taps are inside the axis, and their weights sum to one", arguments: [1, 2, 3, 7, 48, 97, 1000])
  func tapsAndWeights(input: Int) {
    for output in [1, 2, 5, 24, 97, 301] {
      let axis = axis(input, output)
      for index in 0..<output {
        let (taps, values) = weights(axis, index)
        #expect(taps.count >= 1 && taps.count <= values.count && taps.first + taps.count <= input)
        let sum = values.prefix(taps.count).reduce(0) { $0 + Int($1) }
        // Each weight has an error of at most half a unit.
        #expect(abs(sum - 1 << 22) <= taps.count)
      }
    }
  }

  @Test("Rows of every length and channel count equal explicit sums", arguments: 1...4)
  func rows(channels: Int) {
    for input in [1, 2, 7, 8, 9, 11, 12, 13, 23, 24, 25, 49, 100] {
      for output in [1, 3, 10] {
        let axis = axis(input, output)
        let row = samples(input * channels)
        let stride = pk_resize_row_stride(pk_resize_max_taps(axis), channels)
        var taps: [pk_resize_taps] = []
        var table = [Int32](repeating: 0, count: stride * output)
        var expected: [UInt8] = []
        for index in 0..<output {
          let (tap, values) = weights(axis, index)
          taps.append(tap)
          for position in 0..<tap.count * channels {
            table[index * stride + position] = values[position / channels]
          }
          for channel in 0..<channels {
            expected.append(
              rounded(
                (0..<tap.count).reduce(0) {
                  $0 + Int(row[($1 + tap.first) * channels + channel]) * Int(values[$1])
                }))
          }
        }
        for isa in Self.isas {
          var found = [UInt8](repeating: 0xAA, count: output * channels)
          pk_resize_kernels_for(isa).pointee.row(row, taps, table, stride, output, channels, &found)
          #expect(found == expected, "\(input) to \(output)")
        }
      }
    }
  }

  @Test(
    "Columns of every width equal explicit sums, also around the end of the ring",
    arguments: [1, 31, 32, 33, 67])
  func columns(width: Int) {
    let axis = axis(90, 20)
    let image = samples(90 * width)
    let ringRows = pk_resize_max_taps(axis)
    for index in 0..<20 {
      let (taps, values) = weights(axis, index)
      var ring = [UInt8](repeating: 0xAA, count: ringRows * width)
      for y in taps.first..<taps.first + taps.count {
        for x in 0..<width { ring[y % ringRows * width + x] = image[y * width + x] }
      }
      let expected = (0..<width).map { x in
        rounded(
          (0..<taps.count).reduce(0) { $0 + Int(image[($1 + taps.first) * width + x]) * Int(values[$1]) })
      }
      for isa in Self.isas {
        var found = [UInt8](repeating: 0, count: width)
        pk_resize_kernels_for(isa).pointee.column(ring, ringRows, width, width, taps, values, &found)
        #expect(found == expected)
      }
    }
  }
}
