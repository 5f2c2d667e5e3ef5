import CKernels
import TestSupport
import Testing

@Suite("Quantization kernels") struct QuantizationTests {
  @Test(
    "Values of two bytes are quantized as their formula says, in two planes padded with the code of zero",
    arguments: KernelTable.all)
  func twoBytes(table: KernelTable) {
    var numbers = SplitMix(seed: 2)
    for k in [1, 3, 4, 15, 16, 17, 35, 768] {
      let arena = Arena()
      defer { arena.free() }
      let values = numbers.floats(k, scale: 3)
      let x = arena.copy(values, slack: k % 2)
      let padded = roundUp(k, to: 4)
      let q = arena.buffer(count: 2 * padded, of: UInt8(99))
      let largest = values.map(abs).max()!
      let range = pk_u16_range(0, largest)
      #expect(range.scale == largest / 32767)
      table.kernels.pointee.quantize_u16(k, x, range.inverse_scale, q, padded)
      let expected = values.map { Int(($0 * (32767 / largest)).rounded(.toNearestOrEven)) }
      let found = (0..<padded).map { 256 * Int(q[$0]) + Int(q[padded + $0]) - 32768 }
      #expect(found == expected + [Int](repeating: 0, count: padded - k))
      #expect(found.contains { abs($0) == 32767 })
    }
  }

  @Test("Maps of two bytes are symmetric around zero", arguments: KernelTable.all)
  func mapOfTwoBytes(table: KernelTable) {
    for (low, high) in [(Float(-1), Float(3)), (-3, 1), (0, 2), (-1e-3, 1e4)] {
      let range = pk_u16_range(low, high)
      #expect(range.scale == max(abs(low), abs(high)) / 32767 && range.zero_point == 128)
      var q = [UInt8](repeating: 0, count: 8)
      table.kernels.pointee.quantize_u16(4, [low, 0, high, high / 2], range.inverse_scale, &q, 4)
      let found = (0..<4).map { 256 * Int(q[$0]) + Int(q[$0 + 4]) - 32768 }
      #expect(found[1] == 0 && found.map(abs).max() == 32767)
      #expect(abs(Float(found[3]) * range.scale - high / 2) <= range.scale / 2 * 1.01)
    }
    let nothing = pk_u16_range(-0.0, 1e-38)
    #expect(nothing.scale == 0 && nothing.inverse_scale == 0 && nothing.zero_point == 128)
  }

  @Test("Ties round to even", arguments: KernelTable.all)
  func ties(table: KernelTable) {
    let x: [Float] = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, -127]
    var q = [UInt8](repeating: 0, count: 10)
    table.kernels.pointee.quantize_u8(10, x, 1, 127, &q)
    #expect(q.map { Int($0) - 127 } == [127, 0, 2, 2, 0, -2, -2, 126, -126, -127])
  }

  @Test("Unsigned ranges contain zero and map it to the zero point exactly")
  func ranges() {
    for (low, high) in [
      (Float(-1), Float(3)), (0.5, 2), (-3, -1), (0, 0), (-1e-3, 1e4), (-1, 1),
    ] {
      let range = pk_u8_range(low, high)
      let (minimum, maximum) = (min(low, 0), max(high, 0))
      if minimum == maximum {
        #expect(range.scale == 0 && range.zero_point == 0 && range.inverse_scale == 0)
        continue
      }
      #expect(range.scale == (maximum - minimum) / 255)
      #expect(range.zero_point == Int32((-minimum / range.scale).rounded(.toNearestOrEven)))
      var q: [UInt8] = [0, 0, 0]
      KernelTable.scalar.kernels.pointee.quantize_u8(
        3, [minimum, 0, maximum], range.inverse_scale, range.zero_point, &q)
      // Both ends can round the same way if they are half-way, as in [-1, 1].
      #expect(q[0] == 0 && q[1] == range.zero_point && q[2] >= 254)
    }
  }

  @Test("Bytes become the numbers that they represent", arguments: KernelTable.all)
  func dequantized(table: KernelTable) {
    let arena = Arena()
    defer { arena.free() }
    for count in [0, 1, 16, 17, 256] {
      let q = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let x = arena.buffer(count: count, of: Float(9))
      table.kernels.pointee.dequantize_u8(count, arena.copy(q, slack: 1), 0.3, 37, x)
      #expect(array(x, count) == q.map { Float(Int($0) - 37) * 0.3 })
    }
  }

  @Test("Unsigned activations equal their formula and clamp", arguments: KernelTable.all)
  func unsigned(table: KernelTable) {
    var numbers = SplitMix(seed: 2)
    for count in [1, 15, 16, 17, 35, 1000] {
      let arena = Arena()
      defer { arena.free() }
      let values = numbers.floats(count, scale: 4)
      let x = arena.copy(values, slack: 1)
      let q = arena.buffer(count: count, of: UInt8(9))
      table.kernels.pointee.quantize_u8(count, x, 70, 100, q)
      #expect(
        array(q, count)
          == values.map { UInt8(min(255, max(0, ($0 * 70).rounded(.toNearestOrEven) + 100))) })
    }
  }

  @Test("Weights at the edge between two steps are divided, not multiplied", arguments: KernelTable.all)
  func weightTies(table: KernelTable) {
    var numbers = SplitMix(seed: 4)
    for _ in 0..<200 {
      let scale = abs(numbers.float()) + 0x1p-20
      let values = (-126...125).map { (Float($0) + 0.5) * scale }
      var q = [Int8](repeating: 0, count: values.count)
      table.writing.pointee.quantize_weights_s8(values.count, values, scale, &q)
      #expect(q == values.map { Int8(($0 / scale).rounded(.toNearestOrEven)) })
    }
  }

  @Test("Weights divide by their scale before rounding", arguments: KernelTable.all)
  func weights(table: KernelTable) {
    var numbers = SplitMix(seed: 3)
    for count in [1, 16, 33, 500] {
      let arena = Arena()
      defer { arena.free() }
      let values = numbers.floats(count)
      let w = arena.copy(values, slack: 1)
      let scale = pk_s8_scale(values.map(abs).max()!)
      let q = arena.buffer(count: count, of: Int8(9))
      table.writing.pointee.quantize_weights_s8(count, w, scale, q)
      #expect(array(q, count) == values.map { Int8(($0 / scale).rounded(.toNearestOrEven)) })
      table.writing.pointee.quantize_weights_s8(count, w, 0, q)
      #expect(array(q, count).allSatisfy { $0 == 0 })
    }
  }
}
