import CKernels
import TestSupport
import Testing

@Suite("Conversions of element types") struct ElementTypeTests {
  @Test("All 65,536 F16 patterns widen exactly and narrow back", arguments: KernelTable.all)
  func everyHalf(table: KernelTable) {
    let patterns = (0...UInt16.max).map { $0 }
    var widened = [Float](repeating: 0, count: patterns.count)
    table.kernels.pointee.f16_to_f32(patterns.count, patterns, &widened)
    var narrowed = [UInt16](repeating: 0, count: patterns.count)
    let overflow = table.writing.pointee.f32_to_f16(patterns.count, widened, &narrowed)
    #expect(overflow == patterns.count)
    for pattern in patterns {
      let exact = Float16(bitPattern: pattern)
      let value = widened[Int(pattern)]
      if exact.isNaN {
        #expect(value.isNaN && Float16(bitPattern: narrowed[Int(pattern)]).isNaN)
      } else {
        #expect(value.bitPattern == Float(exact).bitPattern && narrowed[Int(pattern)] == pattern)
      }
    }
  }

  /// Between adjacent FP16 numbers: the midpoint, which ties, and the floats on both sides of it.
  private var delicate: [Float] {
    (UInt16(0)..<0x7BFF).flatMap { pattern -> [Float] in
      let low = Float(Float16(bitPattern: pattern))
      let high = Float(Float16(bitPattern: pattern + 1))
      let middle = (low + high) / 2
      return [middle, middle.nextUp, -middle.nextDown, -middle]
    } + [65519.996, -65519.996, 1e-30, .infinity, -.infinity, 0, -0.0]
  }

  @Test("Narrowing to F16 rounds half to even, subnormals included", arguments: KernelTable.all)
  func narrowing(table: KernelTable) {
    let values = delicate
    var halves = [UInt16](repeating: 0, count: values.count)
    #expect(
      table.writing.pointee.f32_to_f16(values.count, values, &halves) == values.count)
    #expect(halves == values.map { Float16($0).bitPattern })
  }

  @Test("The first finite value too large for F16 is reported", arguments: KernelTable.all)
  func overflow(table: KernelTable) {
    for count in [1, 7, 8, 9, 40] {
      for index in 0..<count {
        var values = [Float](repeating: .infinity, count: count)
        values[index] = 65520
        values[count - 1] = min(values[count - 1], 1e9)
        var halves = [UInt16](repeating: 0, count: count)
        #expect(table.writing.pointee.f32_to_f16(count, values, &halves) == index)
        #expect(halves.allSatisfy { $0 == 0x7C00 })
      }
    }
  }

  @Test("BF16 keeps the upper half, rounded half to even")
  func bfloat() {
    var numbers = SplitMix(seed: 4)
    for pattern in 0...UInt16.max { #expect(pk_bf16_to_f32(pattern).bitPattern == UInt32(pattern) << 16) }
    for value in numbers.floats(1000, scale: 1e5) + [Float(bitPattern: 0x3F80_8000), 0, -0.0] {
      let pattern = pk_f32_to_bf16(value)
      let rounded = Double(Float(bitPattern: UInt32(pattern) << 16))
      for neighbour in [pattern &- 1, pattern &+ 1] where value != 0 {
        let other = Double(Float(bitPattern: UInt32(neighbour) << 16))
        let (error, otherError) = (abs(rounded - Double(value)), abs(other - Double(value)))
        #expect(error < otherError || (error == otherError && pattern & 1 == 0))
      }
    }
    #expect(pk_f32_to_bf16(.greatestFiniteMagnitude) == 0x7F80)
  }
}
