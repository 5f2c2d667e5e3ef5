import CKernelChecks
import CKernels
import TestSupport
import Testing

/// The kernels of processors that multiply BF16; none on other processors, except for emulated tiles.
private struct BF16Kernels: @unchecked Sendable {
  let kernels: UnsafePointer<pk_bf16_kernels>

  static let all =
    ((0..<UInt32(PK_ISA_COUNT)).map { pk_isa(rawValue: $0) }.filter { pk_permitted($0) != 0 }
    .compactMap(pk_bf16_for) + [pk_check_emulated_amx().bf16].compactMap(\.self)).map(BF16Kernels.init)
}

@Suite("BF16 kernels") struct BF16Tests {
  @Test("Only AVX-512 and AMX have kernels for BF16, and AMX always has")
  func otherInstructionSets() {
    for table in KernelTable.all {
      let isa = table.kernels.pointee.isa
      switch isa {
      case PK_ISA_AMX: #expect(pk_bf16_for(isa) != nil)
      case PK_ISA_AVX512VNNI: break  // Some of these processors have it.
      default: #expect(pk_bf16_for(isa) == nil)
      }
    }
  }

  @Test(
    "Rows are rounded half to even, subnormals become zero, and padding is zero", arguments: BF16Kernels.all)
  fileprivate func rounding(bf16: BF16Kernels) {
    let arena = Arena()
    defer { arena.free() }
    var numbers = SplitMix(seed: 5)
    let delicate = [
      0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0x7F7F_FFFF, 0x7F80_0000, 0x8000_0000, 0x0080_0000,
    ]
    .map { Float(bitPattern: $0) }
    for k in [0, 1, 3, 4, 15, 16, 17, 31, 33, 100] {
      let padded = roundUp(k, to: 4)
      let values = (numbers.floats(3 * k, scale: 1e4) + delicate + [0x1p-130, -0x1p-149]).suffix(3 * k)
      let x = arena.copy(Array(values))
      let y = arena.buffer(count: 3 * (padded + 1) - 1, of: UInt16(0xABCD))
      bf16.kernels.pointee.round_rows(3, k, x, k, y, padded + 1)
      for row in 0..<3 {
        for column in 0..<padded {
          let value = column < k ? x[row * k + column] : 0
          let expected = value.isSubnormal ? Float(sign: value.sign, exponent: 0, significand: 0) : value
          #expect(y[row * (padded + 1) + column] == pk_f32_to_bf16(expected), "\(k): \(value)")
        }
        if row < 2 { #expect(y[row * (padded + 1) + padded] == 0xABCD) }
      }
    }
  }

  /// A sum of k exact products has at most k additions in FP32, in any order within a pair.
  private static func bound(_ terms: [Double]) -> Double {
    Double(terms.count + 2) * 0x1p-24 * terms.reduce(0) { $0 + abs($1) }
  }

  @Test(
    "Products of rounded operands are within the rounding of FP32 sums", arguments: BF16Kernels.all)
  fileprivate func sums(bf16: BF16Kernels) {
    for m in MatrixProductTests.rowCounts + [14, 29, 113, 260] {
      for (n, k) in zip(MatrixProductTests.outputCounts, [0, 4, 124, 256, 260, 132, 516, 64, 1028]) {
        let arena = Arena()
        defer { arena.free() }
        let operands = BF16Operands(Product(m: m, n: n, k: k, arena: arena), bf16, arena)
        let y = operands.product.output(arena)
        operands.run(into: y)
        for row in 0..<m {
          for output in 0..<n {
            let terms = operands.terms(row, output)
            let difference = Double(y[row * operands.product.ldy + output]) - terms.reduce(0, +)
            #expect(abs(difference) <= Self.bound(terms), "\(m) × \(n) × \(k)")
          }
        }
      }
    }
  }

  @Test("Neither rows, their position nor panels change a bit", arguments: BF16Kernels.all)
  fileprivate func split(bf16: BF16Kernels) {
    let arena = Arena()
    defer { arena.free() }
    let operands = BF16Operands(Product(m: 120, n: 67, k: 300, arena: arena), bf16, arena)
    let (whole, parts) = (operands.product.output(arena), operands.product.output(arena))
    operands.run(into: whole)
    for rows in [0..<1, 1..<10, 10..<23, 23..<120] {
      for panels in [0..<1, 1..<4, 4..<5] { operands.run(rows: rows, panels: panels, into: parts) }
    }
    #expect(operands.product.bits(whole) == operands.product.bits(parts))
  }
}

/// The operands of a product, rounded to BF16.
private struct BF16Operands {
  let product: Product
  let kernels: UnsafePointer<pk_bf16_kernels>
  let x: UnsafeMutablePointer<UInt16>
  let stride: Int

  init(_ product: Product, _ bf16: BF16Kernels, _ arena: Arena) {
    self.product = product
    kernels = bf16.kernels
    stride = product.k + 2
    x = arena.buffer(count: max(0, product.m * stride - 2), of: 0)
    kernels.pointee.round_rows(product.m, product.k, product.x, product.ldx, x, stride)
  }

  func run(rows: Range<Int>? = nil, panels: Range<Int>? = nil, into y: UnsafeMutablePointer<Float>) {
    let (rows, panels) = (rows ?? 0..<product.m, panels ?? 0..<product.panelCount)
    var matrix = product.matrix(rows.count, product.epilogue(scaled: false, biased: false))
    matrix.x_row_stride = stride
    kernels.pointee.gemm(
      &matrix, panels.lowerBound, panels.upperBound, x + rows.lowerBound * stride, product.wF16,
      y + rows.lowerBound * product.ldy)
  }

  func terms(_ row: Int, _ output: Int) -> [Double] {
    (0..<product.k).map { input in
      let panel = output / Int(PK_PANEL) * product.k + input
      let weight = pk_f16_to_f32(product.wF16[panel * Int(PK_PANEL) + output % Int(PK_PANEL)])
      return Double(pk_bf16_to_f32(x[row * stride + input]))
        * Double(pk_bf16_to_f32(pk_f32_to_bf16(weight)))
    }
  }
}
