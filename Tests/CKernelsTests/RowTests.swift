import CKernels
import TestSupport
import Testing

/// Kernels over rows: each instruction set has scalar's bits, and scalar equals the formula.
@Suite("Row kernels") struct RowTests {
  static let widths = [1, 15, 16, 17, 35, 50, 77, 768]

  /// Every width at the edge of a page, aligned and off by one element.
  private func forEachRow(
    seed: UInt64 = 1, _ body: (_ arena: Arena, _ width: Int, _ slack: Int, inout SplitMix) -> Void
  ) {
    var numbers = SplitMix(seed: seed)
    for width in Self.widths {
      for slack in [0, 1] {
        let arena = Arena()
        defer { arena.free() }
        body(arena, width, slack, &numbers)
      }
    }
  }

  @Test("LayerNorm has scalar's bits on every instruction set", arguments: KernelTable.fast)
  func layerNormAgrees(table: KernelTable) {
    forEachRow { arena, width, slack, numbers in
      let x = arena.copy(numbers.floats(3 * width, scale: 4), slack: slack)
      let (gain, bias) = (
        arena.copy(numbers.floats(width)), arena.copy(numbers.floats(width), slack: slack)
      )
      let (expected, found) = (
        arena.buffer(count: 3 * width, of: Float(0)),
        arena.buffer(count: 3 * width, of: Float(0), slack: slack)
      )
      KernelTable.scalar.kernels.pointee.layernorm_f32(
        3, width, x, width, gain, bias, 1e-5, expected, width)
      table.kernels.pointee.layernorm_f32(3, width, x, width, gain, bias, 1e-5, found, width)
      #expect(bits(found, 3 * width) == bits(expected, 3 * width), "\(width)")
      table.kernels.pointee.layernorm_f32(3, width, x, width, gain, bias, 1e-5, x, width)
      #expect(bits(x, 3 * width) == bits(expected, 3 * width), "in place, \(width)")
    }
  }

  @Test("LayerNorm equals its formula, also if the mean is far from zero")
  func layerNormFormula() {
    var numbers = SplitMix(seed: 7)
    let width = 768
    let x = numbers.floats(width).map { $0 + 10 }
    let (gain, bias) = (numbers.floats(width), numbers.floats(width))
    var y = x
    KernelTable.scalar.kernels.pointee.layernorm_f32(
      1, width, x, width, gain, bias, 1e-5, &y, width)
    let mean = x.reduce(0.0) { $0 + Double($1) } / Double(width)
    let variance = x.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(width)
    for i in 0..<width {
      let exact =
        (Double(x[i]) - mean) / (variance + 1e-5).squareRoot() * Double(gain[i]) + Double(bias[i])
      // The largest error is the mean's own rounding, about 1e-6 at 10, divided by the standard deviation of about
      // 0.5.
      #expect(abs(Double(y[i]) - exact) <= 5e-6)
    }
  }

  @Test("Softmax has scalar's bits on every instruction set", arguments: KernelTable.fast)
  func softmaxAgrees(table: KernelTable) {
    forEachRow { arena, width, slack, numbers in
      let values = numbers.floats(2 * width, scale: 30)
      let (expected, found) = (arena.copy(values), arena.copy(values, slack: slack))
      KernelTable.scalar.kernels.pointee.softmax_f32(2, width, expected, width)
      table.kernels.pointee.softmax_f32(2, width, found, width)
      #expect(bits(found, 2 * width) == bits(expected, 2 * width), "\(width)")
    }
  }

  @Test("Softmax sums to one, works for large scores, and gives 0 for minus infinity")
  func softmaxFormula() {
    var x: [Float] = [1000, 1000, -.infinity, 999]
    KernelTable.scalar.kernels.pointee.softmax_f32(1, 4, &x, 4)
    let e = 0.36787944117144233
    for (value, exact) in zip(x, [1 / (2 + e), 1 / (2 + e), 0, e / (2 + e)]) {
      #expect(abs(Double(value) - exact) <= 2e-7)
    }
    KernelTable.scalar.kernels.pointee.softmax_f32(1, 0, &x, 0)
  }

  @Test("Dot products and unit vectors have scalar's bits", arguments: KernelTable.fast)
  func dotAgrees(table: KernelTable) {
    forEachRow { arena, width, slack, numbers in
      let (a, b) = (
        arena.copy(numbers.floats(width), slack: slack), arena.copy(numbers.floats(width))
      )
      let scalar = KernelTable.scalar.kernels.pointee
      #expect(
        table.kernels.pointee.dot_f32(width, a, b).bitPattern
          == scalar.dot_f32(width, a, b).bitPattern)
      let (expected, found) = (
        arena.buffer(count: width, of: Float(0)), arena.buffer(count: width, of: Float(0))
      )
      scalar.l2_normalize_f32(1, width, a, width, expected, width)
      table.kernels.pointee.l2_normalize_f32(1, width, a, width, found, width)
      #expect(bits(found, width) == bits(expected, width))
    }
  }

  @Test("Unit vectors have norm 1, and the zero vector stays zero", arguments: KernelTable.all)
  func unitVectors(table: KernelTable) {
    var numbers = SplitMix(seed: 8)
    let x = numbers.floats(512) + [Float](repeating: 0, count: 512)
    var y = x
    table.kernels.pointee.l2_normalize_f32(2, 512, x, 512, &y, 512)
    let norm = y.prefix(512).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(abs(norm - 1) <= 1e-6)
    #expect(y.suffix(512).allSatisfy { $0 == 0 })
  }

  @Test("Largest magnitudes and ranges are exact", arguments: KernelTable.all)
  func extremes(table: KernelTable) {
    forEachRow { arena, width, slack, numbers in
      let values = numbers.floats(2 * width)
      let x = arena.copy(values, slack: slack)
      let largest = arena.buffer(count: 2, of: Float(-1))
      table.writing.pointee.absmax_rows_f32(2, width, x, width, largest)
      #expect(largest[0] == values.prefix(width).map(abs).max())
      #expect(largest[1] == values.suffix(width).map(abs).max())
      let range = arena.buffer(count: 2, of: Float(0))
      table.kernels.pointee.minmax_f32(2 * width, x, range)
      #expect(range[0] == min(values.min() ?? 0, 0) && range[1] == max(values.max() ?? 0, 0))
    }
    var largest: Float = 5
    table.writing.pointee.absmax_rows_f32(1, 0, [], 0, &largest)
    #expect(largest == 0)
    var range: [Float] = [1, 1]
    table.kernels.pointee.minmax_f32(2, [0.0, -0.0], &range)
    #expect(bits(range) == bits([-0.0, 0]))
  }

  @Test("A NaN anywhere in a row, of either sign, gives a NaN result", arguments: KernelTable.all)
  func notNumbers(table: KernelTable) {
    let kernels = table.kernels.pointee
    for width in [1, 15, 16, 17, 40] {
      for position in 0..<width {
        for value in [Float.nan, -Float.nan] {
          var numbers = SplitMix(seed: UInt64(width))
          var x = numbers.floats(width)
          x[position] = value
          var (largest, range, y) = (
            Float(0), [Float](repeating: 0, count: 2), [Float](repeating: 0, count: width)
          )
          table.writing.pointee.absmax_rows_f32(1, width, x, width, &largest)
          #expect(largest.isNaN)
          kernels.minmax_f32(width, x, &range)
          #expect(range[0].isNaN || range[1].isNaN)
          for quantization in [pk_u8_range(range[0], range[1]), pk_u16_range(range[0], range[1])] {
            #expect(quantization.scale.isNaN && quantization.inverse_scale.isNaN)
          }
          kernels.l2_normalize_f32(1, width, x, width, &y, width)
          #expect(y.allSatisfy { $0.isNaN })
          y = x
          kernels.softmax_f32(1, width, &y, width)
          #expect(y.allSatisfy { $0.isNaN })
        }
      }
    }
  }

  @Test("LayerNorm of a row whose squares overflow is NaN", arguments: KernelTable.all)
  func hugeRows(table: KernelTable) {
    let x = (0..<20).map { Float($0 % 2) * 1e20 }
    let (ones, zeros) = ([Float](repeating: 1, count: 20), [Float](repeating: 0, count: 20))
    var y = zeros
    table.kernels.pointee.layernorm_f32(1, 20, x, 20, ones, zeros, 1e-5, &y, 20)
    #expect(y.allSatisfy { $0.isNaN })
  }

  @Test("Sums of rows are element by element, in order", arguments: KernelTable.all)
  func sums(table: KernelTable) {
    forEachRow { arena, width, slack, numbers in
      let (a, b) = (numbers.floats(width), numbers.floats(width))
      let (left, right) = (arena.copy(a, slack: slack), arena.copy(b))
      let y = arena.buffer(count: width, of: Float(0), slack: slack)
      table.kernels.pointee.add_f32(width, left, right, y)
      #expect(bits(y, width) == bits(zip(a, b).map { $0 + $1 }))
    }
  }

  @Test("Means of weighted rows are element by element, in order", arguments: KernelTable.all)
  func means(table: KernelTable) {
    forEachRow { arena, width, slack, numbers in
      let rows = numbers.floats(5 * width)
      let x = arena.copy(rows, slack: slack)
      let y = arena.buffer(count: width, of: Float(0), slack: slack)
      for weights in [[1, 1, 1, 1, 1], [0.5, 3, 0, 0.25, 1]] as [[Float]] {
        table.kernels.pointee.mean_rows_f32(5, width, arena.copy(weights), x, width, y)
        let means = (0..<width).map { j in
          (0..<5).reduce(Float(0)) { $0 + weights[$1] * rows[$1 * width + j] } / weights.reduce(0, +)
        }
        #expect(bits(y, width) == bits(means))
      }
    }
  }

  @Test("Empty inputs read and write nothing", arguments: KernelTable.all)
  func empty(table: KernelTable) {
    let arena = Arena()
    defer { arena.free() }
    let none = arena.buffer(count: 0, of: Float(0))
    let noneU8 = arena.buffer(count: 0, of: UInt8(0))
    let kernels = table.kernels.pointee
    kernels.layernorm_f32(0, 16, none, 16, none, none, 1e-5, none, 16)
    kernels.softmax_f32(0, 16, none, 16)
    kernels.add_f32(0, none, none, none)
    kernels.l2_normalize_f32(0, 16, none, 16, none, 16)
    kernels.quantize_u8(0, none, 1, 0, noneU8)
    #expect(kernels.dot_f32(0, none, none) == 0)
  }
}
