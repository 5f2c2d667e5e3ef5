import CKernels
import TestSupport
import Testing

@Suite("Packing of weights") struct PackingTests {
  static let sizes = [(1, 1), (16, 4), (17, 27), (33, 130), (64, 256), (40, 28)]

  /// Row-major position of each element of the panels; nil for padding.
  private func source(n: Int, k: Int, padded: Int, index: Int, isS8: Bool) -> (Int, Int)? {
    let panel = index / (padded * 16)
    let rest = index % (padded * 16)
    let row = panel * 16 + (isS8 ? rest % 64 / 4 : rest % 16)
    let column = isS8 ? rest / 64 * 4 + rest % 4 : rest / 16
    return row < n && column < k ? (row, column) : nil
  }

  @Test(
    "Panels hold sixteen outputs per input, zero beyond the matrix, packed at once or in parts",
    arguments: KernelTable.all)
  func panels(table: KernelTable) {
    var numbers = SplitMix(seed: 1)
    for (n, k) in Self.sizes {
      let arena = Arena()
      defer { arena.free() }
      let padded = roundUp(k, to: 4)
      let panelCount = roundUp(n, to: 16) / 16
      let values = numbers.floats(n * k)
      let w = arena.copy(values, slack: 1)
      let count = panelCount * 16 * padded
      let (whole, halves, parts) = (
        arena.buffer(count: count, of: Float(9)), arena.buffer(count: count, of: UInt16(9)),
        arena.buffer(count: count, of: Float(9))
      )
      let kernels = table.kernels.pointee
      kernels.pack_f32(n, k, padded, 0, panelCount, w, k, whole)
      let expected = (0..<count).map { index in
        source(n: n, k: k, padded: padded, index: index, isS8: false).map { values[$0 * k + $1] }
          ?? 0
      }
      #expect(array(whole, count) == expected)
      for panel in 0..<panelCount {
        kernels.pack_f32(n, k, padded, panel, panel + 1, w, k, parts + panel * 16 * padded)
      }
      #expect(array(parts, count) == expected)
      #expect(table.writing.pointee.pack_f16(n, k, padded, 0, panelCount, w, k, halves) == n * k)
      #expect(array(halves, count) == expected.map { Float16($0).bitPattern })
      var back = [Float](repeating: 0, count: n * k)
      pk_unpack_f32(n, k, padded, whole, &back, k)
      #expect(back == values)
      pk_unpack_f16(n, k, padded, halves, &back, k)
      #expect(back == values.map { Float(Float16($0)) })
    }
  }

  @Test("int8 panels hold four inputs together, with their sums", arguments: KernelTable.all)
  func integerPanels(table: KernelTable) {
    var numbers = SplitMix(seed: 2)
    for (n, k) in Self.sizes {
      let arena = Arena()
      defer { arena.free() }
      let padded = roundUp(k, to: 4)
      let panelCount = roundUp(n, to: 16) / 16
      let values = numbers.floats(n * k)
      let scale = (0..<n).map { row in
        row == n - 1 && n > 1 ? 0 : pk_s8_scale(values[row * k..<(row + 1) * k].map(abs).max()!)
      }
      let count = panelCount * 16 * padded
      let q = arena.buffer(count: count, of: Int8(9))
      let sums = arena.buffer(count: panelCount * 16, of: Int32(9))
      table.writing.pointee.pack_s8(
        n, k, padded, 0, panelCount, arena.copy(values, slack: 1), k, arena.copy(scale), q, sums)
      var expectedSums = [Int32](repeating: 0, count: panelCount * 16)
      let expected = (0..<count).map { index -> Int8 in
        guard let (row, column) = source(n: n, k: k, padded: padded, index: index, isS8: true),
          scale[row] > 0
        else { return 0 }
        let value = Int8((values[row * k + column] / scale[row]).rounded(.toNearestOrEven))
        expectedSums[row] += Int32(value)
        return value
      }
      #expect(array(q, count) == expected)
      #expect(array(sums, panelCount * 16) == expectedSums)
      var back = [Float](repeating: 0, count: n * k)
      pk_unpack_s8(n, k, padded, q, scale, &back, k)
      for (value, restored) in zip(values.enumerated(), back) {
        let step = scale[value.offset / k]
        #expect(step == 0 || abs(value.element - restored) <= step * 0.5001)
      }
    }
  }

  @Test("A value too large for F16 is reported with its position in the matrix", arguments: KernelTable.all)
  func overflow(table: KernelTable) {
    let (n, k) = (20, 300)
    for (row, column) in [(0, 0), (19, 299), (7, 130), (16, 1)] {
      var values = [Float](repeating: 1, count: n * k)
      values[row * k + column] = -70000
      var panels = [UInt16](repeating: 0, count: 32 * k)
      #expect(
        table.writing.pointee.pack_f16(n, k, k, 0, 2, values, k, &panels) == row * k + column)
    }
  }
}
