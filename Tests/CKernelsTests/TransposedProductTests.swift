import CKernels
import TestSupport
import Testing

/// Products with the transposed matrix: the operand has one value per output, the result one per input.
@Suite("Transposed products") struct TransposedProductTests {
  /// Multiples of four, as in int8 panels; some exceed one vector.
  private static let inputCounts = [4, 12, 16, 20, 2048]
  private static let rowCount = 16

  private func forEachCount(_ body: (_ arena: Arena, _ k: Int, inout SplitMix) -> Void) {
    var numbers = SplitMix(seed: 5)
    for k in Self.inputCounts {
      let arena = Arena()
      defer { arena.free() }
      body(arena, k, &numbers)
    }
  }

  /// The previous y plus the exact sum. 16 products and as many additions each round by at most 2⁻²⁴ of their terms.
  private func expect(
    _ found: [Float], before: [Float], _ x: [Float], weight: (_ output: Int, _ input: Int) -> Float
  ) {
    for (i, value) in found.enumerated() {
      let terms = (0..<Self.rowCount).map { Double(x[$0]) * Double(weight($0, i)) }
      let exact = Double(before[i]) + terms.reduce(0, +)
      let magnitude = Double(abs(before[i])) + terms.reduce(0) { $0 + abs($1) }
      #expect(abs(Double(value) - exact) <= magnitude * 18 * 0x1p-24)
    }
  }

  @Test("The transposed product of an FP32 panel is added, with scalar's bits", arguments: KernelTable.all)
  func floats(table: KernelTable) {
    forEachCount { arena, k, numbers in
      let (x, w, before) = (
        numbers.floats(Self.rowCount), numbers.floats(Self.rowCount * k), numbers.floats(k)
      )
      let panel = arena.copy(w, slack: 1)
      let (found, expected) = (arena.copy(before), arena.copy(before))
      table.kernels.pointee.add_transposed_f32(k, x, panel, found)
      KernelTable.scalar.kernels.pointee.add_transposed_f32(k, x, panel, expected)
      #expect(bits(found, k) == bits(expected, k))
      expect(array(found, k), before: before, x) { w[$1 * Self.rowCount + $0] }
    }
  }

  @Test("The transposed product of an int8 panel is added, with scalar's bits", arguments: KernelTable.all)
  func integers(table: KernelTable) {
    forEachCount { arena, k, numbers in
      let (x, w, before) = (
        numbers.floats(Self.rowCount), numbers.weights(Self.rowCount * k), numbers.floats(k)
      )
      let panel = arena.copy(w)
      let (found, expected) = (arena.copy(before), arena.copy(before))
      table.kernels.pointee.add_transposed_s8(k, arena.copy(x), panel, found)
      KernelTable.scalar.kernels.pointee.add_transposed_s8(k, x, panel, expected)
      #expect(bits(found, k) == bits(expected, k))
      expect(array(found, k), before: before, x) { output, input in
        Float(w[(input / 4 * Self.rowCount + output) * 4 + input % 4])
      }
    }
  }
}
