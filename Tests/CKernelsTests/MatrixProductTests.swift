import CKernels
import Testing

@Suite("Matrix products") struct MatrixProductTests {
  /// 0, 1, tile − 1, tile, tile + 1, 2 · tile + 3 of rows (6, 12; 16 and 32 with AMX), panels (16, 32) and blocks of the
  /// sum (128).
  static let rowCounts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 27, 31, 32, 33, 67]
  static let outputCounts = [0, 1, 15, 16, 17, 31, 32, 33, 67]
  static let inputCounts = [0, 4, 124, 128, 132, 260]

  /// A sum of k terms in blocks of 128: each term is rounded in at most 128 + k/128 additions and once in its
  /// product.
  static func bound(_ terms: [(Double, Double)]) -> Double {
    let roundings = Double(min(terms.count, 128) + terms.count / 128 + 2)
    return roundings * 0x1p-24 * terms.reduce(0) { $0 + abs($1.0 * $1.1) }
  }

  @Test(
    "Sums of every size and format are within rounding of the exact sum; integers are exact",
    arguments: KernelTable.products, Product.Kind.allCases)
  func sums(table: KernelTable, kind: Product.Kind) {
    for m in Self.rowCounts {
      for (n, k) in zip(Self.outputCounts + Self.outputCounts, Self.inputCounts + [260, 4, 8]) {
        let arena = Arena()
        defer { arena.free() }
        let product = Product(m: m, n: n, k: k, arena: arena)
        let y = product.output(arena)
        product.run(kind, table, product.epilogue(scaled: false, biased: false), into: y)
        #expect(mistakes(product, kind, y) == 0, "\(m) × \(n) × \(k)")
      }
    }
  }

  @Test(
    "Float sums accept any number of inputs", arguments: KernelTable.products, [Product.Kind.f32, .f16])
  func oddInputCounts(table: KernelTable, kind: Product.Kind) {
    for k in [1, 2, 3, 5, 127, 129, 257] {
      let arena = Arena()
      defer { arena.free() }
      let product = Product(m: 13, n: 33, k: k, arena: arena)
      let y = product.output(arena)
      product.run(kind, table, product.epilogue(scaled: false, biased: false), into: y)
      #expect(mistakes(product, kind, y) == 0, "\(k)")
    }
  }

  private func mistakes(
    _ product: Product, _ kind: Product.Kind, _ y: UnsafeMutablePointer<Float>
  ) -> Int {
    var count = 0
    for row in 0..<product.m {
      for output in 0..<product.n {
        let terms = product.terms(kind, row, output)
        let sum = terms.reduce(0.0) { $0 + $1.0 * $1.1 }
        let value = y[row * product.ldy + output]
        switch kind {
        case .f32, .f16: count += abs(Double(value) - sum) <= Self.bound(terms) ? 0 : 1
        case .u8PerRow, .u16PerRow, .u8Common, .u16Common:
          count += value == Float(sum) * product.quantization(kind, row).scale ? 0 : 1
        }
      }
      if row + 1 < product.m {
        count += y[row * product.ldy + product.n] == Product.untouched ? 0 : 1
      }
    }
    return count
  }

  @Test(
    "Integer products have the bits of scalar with every activation, residual and bias",
    arguments: KernelTable.fastProducts, [Product.Kind.u8PerRow, .u8Common, .u16PerRow, .u16Common])
  func integerEpilogues(table: KernelTable, kind: Product.Kind) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 14, n: 45, k: 36, arena: arena)
    for activation in Self.activations {
      for option in 0..<16 {
        let epilogue = product.epilogue(
          activation: activation, residual: option & 1 != 0, reluLast: option & 2 != 0,
          scaled: option & 4 != 0, biased: option & 8 != 0)
        let (expected, found) = (product.output(arena), product.output(arena))
        product.run(kind, .scalar, epilogue, into: expected)
        product.run(kind, table, epilogue, into: found)
        #expect(product.bits(expected) == product.bits(found), "\(activation) option \(option)")
      }
    }
  }

  static let activations = [
    PK_ACTIVATION_NONE, PK_ACTIVATION_QUICK_GELU, PK_ACTIVATION_GELU_ERF, PK_ACTIVATION_GELU_TANH,
  ]

  @Test(
    "A product has the same bits complete, row by row, panel by panel and in uneven parts",
    arguments: KernelTable.products, Product.Kind.allCases)
  func splits(table: KernelTable, kind: Product.Kind) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 29, n: 83, k: 392, arena: arena)
    let epilogue = product.epilogue(activation: PK_ACTIVATION_QUICK_GELU, residual: true)
    let (whole, rows, panels, parts) = (
      product.output(arena), product.output(arena), product.output(arena), product.output(arena)
    )
    product.run(kind, table, epilogue, into: whole)
    for row in 0..<product.m {
      product.run(kind, table, epilogue, rows: row..<row + 1, into: rows)
    }
    for panel in 0..<product.panelCount {
      product.run(kind, table, epilogue, panels: panel..<panel + 1, into: panels)
    }
    for rowPart in [0..<7, 7..<20, 20..<29] {
      for panelPart in [0..<3, 3..<5, 5..<6] {
        product.run(kind, table, epilogue, rows: rowPart, panels: panelPart, into: parts)
      }
    }
    #expect(product.bits(rows) == product.bits(whole))
    #expect(product.bits(panels) == product.bits(whole))
    #expect(product.bits(parts) == product.bits(whole))
  }

  @Test(
    "Many rows, more than one block, each have the same bits as alone", arguments: KernelTable.fastProducts,
    Product.Kind.allCases)
  func manyRows(table: KernelTable, kind: Product.Kind) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 400, n: 17, k: 20, arena: arena)
    let epilogue = product.epilogue()
    let (whole, rows) = (product.output(arena), product.output(arena))
    product.run(kind, table, epilogue, into: whole)
    for row in 0..<product.m {
      product.run(kind, table, epilogue, rows: row..<row + 1, into: rows)
    }
    #expect(product.bits(rows) == product.bits(whole))
  }

  @Test(
    "Float products have equal bits on all instruction sets that fuse, and scalar's on the others",
    arguments: KernelTable.fastProducts,
    [Product.Kind.f32, .f16])
  func fusedAgree(table: KernelTable, kind: Product.Kind) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 13, n: 40, k: 300, arena: arena)
    let epilogue = product.epilogue(activation: PK_ACTIVATION_GELU_ERF)
    let (first, other) = (product.output(arena), product.output(arena))
    product.run(kind, table.peer, epilogue, into: first)
    product.run(kind, table, epilogue, into: other)
    #expect(product.bits(first) == product.bits(other))
  }

  @Test(
    "The residual may be the output itself", arguments: KernelTable.products, Product.Kind.allCases)
  func inPlaceResidual(table: KernelTable, kind: Product.Kind) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 39, n: 37, k: 64, arena: arena)  // with AMX, two blocks that overlap
    let apart = product.output(arena)
    product.run(kind, table, product.epilogue(residual: true), into: apart)
    let inPlace = arena.copy(array(product.residual, product.m * product.ldy - 1))
    var epilogue = product.epilogue(residual: true)
    epilogue.residual = UnsafePointer(inPlace)
    product.run(kind, table, epilogue, into: inPlace)
    for row in 0..<product.m {
      let at = row * product.ldy
      #expect(bits(inPlace + at, product.n) == bits(apart + at, product.n))
    }
  }

  @Test(
    "Extreme bytes do not saturate: all combinations of ±127, 0 and 255", arguments: KernelTable.products)
  func saturation(table: KernelTable) {
    let k = 512
    for (value, weight) in [
      (UInt8(255), Int8(127)), (255, -127), (0, 127), (0, -127), (1, 127), (1, -127), (128, 127), (127, -127),
    ] {
      let arena = Arena()
      defer { arena.free() }
      let product = Product(m: 17, n: 33, k: k, arena: arena)
      product.xU8.update(repeating: value, count: 17 * product.ldx - 1)
      product.xU16.update(repeating: value, count: 2 * (17 * product.ldx - 1))
      product.q.update(repeating: weight, count: product.panelCount * 16 * k)
      product.qSum.update(repeating: Int32(weight) * Int32(k), count: product.panelCount * 16)
      for kind in [Product.Kind.u8PerRow, .u8Common, .u16PerRow, .u16Common] {
        let y = product.output(arena)
        product.run(kind, table, product.epilogue(scaled: false, biased: false), into: y)
        #expect(mistakes(product, kind, y) == 0)
      }
    }
  }

  @Test(
    "Arbitrary sums of a damaged bundle wrap equally on every instruction set",
    arguments: KernelTable.fastProducts)
  func damagedSums(table: KernelTable) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 17, n: 48, k: 36, arena: arena)
    for output in 0..<48 { product.qSum[output] = [.min, .max, 23_091_223][output % 3] }
    let epilogue = product.epilogue(scaled: false, biased: false)
    let (expected, found) = (product.output(arena), product.output(arena))
    product.run(.u8Common, .scalar, epilogue, into: expected)
    product.run(.u8Common, table, epilogue, into: found)
    #expect(product.bits(expected) == product.bits(found))
    let products = (0..<36).map { Int32(product.xU8[$0]) * Int32(product.q[Product.s8Index(0, $0, 36)]) }
    let wrapped = products.reduce(0, +) &- Int32.min &* product.quantization(.u8Common, 0).zero_point
    #expect(expected[0] == Float(wrapped) * Product.commonScale)
  }

  @Test(
    "Rows in lines and inputs in segments give the same bits as contiguous copies",
    arguments: KernelTable.products, Product.Kind.allCases)
  func linesAndSegments(table: KernelTable, kind: Product.Kind) {
    // A 3 × 3 window over 4 × 5 pixels of 12 channels, like a convolution that reads an image with a border of one.
    let (height, width, channels) = (4, 5, 12)
    let arena = Arena()
    defer { arena.free() }
    let image = Product(m: (height + 2) * (width + 2), n: 37, k: channels, arena: arena)
    let whole = Product(m: height * width, n: 37, k: 9 * channels, arena: arena)
    let line = (width + 2) * channels
    for row in 0..<whole.m {
      for input in 0..<whole.k {
        let (tap, channel) = input.quotientAndRemainder(dividingBy: channels)
        let at = (row / width + tap / 3) * line + (row % width + tap % 3) * channels + channel
        whole.x[row * whole.ldx + input] = image.x[at]
        whole.xU8[row * whole.ldx + input] = image.xU8[at]
        whole.xU16[row * whole.ldx + input] = image.xU16[at]
        whole.xU16[whole.lowPlane + row * whole.ldx + input] = image.xU16[image.lowPlane + at]
      }
    }
    let (expected, found) = (whole.output(arena), whole.output(arena))
    whole.run(
      kind, table, whole.epilogue(activation: PK_ACTIVATION_QUICK_GELU, residual: true), into: expected)
    let window = pk_product(
      lines: height, line_rows: width, x_row_stride: channels, x_line_stride: line, segments: 3,
      segment_inputs: 3 * channels, segment_stride: line, y_row_stride: whole.ldy,
      y_line_stride: width * whole.ldy,
      epilogue: whole.epilogue(
        activation: PK_ACTIVATION_QUICK_GELU, residual: true, lineStride: width * whole.ldy))
    whole.run(
      kind, table, window, x: image.x, bytes: image.bytes(kind), lowPlane: image.lowPlane, into: found)
    #expect(whole.bits(found) == whole.bits(expected))
  }

  @Test(
    "The range contains every stored value, and its bounds are reached", arguments: KernelTable.products,
    Product.Kind.allCases)
  func range(table: KernelTable, kind: Product.Kind) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 17, n: 45, k: 16, arena: arena)
    let y = product.output(arena)
    var epilogue = product.epilogue(residual: true)
    let range = arena.copy([Float.infinity, -Float.infinity])
    epilogue.range = range
    product.run(kind, table, epilogue, into: y)
    let values = (0..<product.m).flatMap { row in (0..<product.n).map { y[row * product.ldy + $0] } }
    #expect(range[0] == values.min() && range[1] == values.max())
  }

  @Test(
    "Blocked sums have at most half the RMS error of simple sums",
    arguments: KernelTable.products)
  func blockedSumsAreAccurate(table: KernelTable) {
    let arena = Arena()
    defer { arena.free() }
    let product = Product(m: 24, n: 64, k: 3072, arena: arena)
    let y = product.output(arena)
    product.run(.f32, table, product.epilogue(scaled: false, biased: false), into: y)
    var (ours, straightforward) = (0.0, 0.0)
    for row in 0..<product.m {
      for output in 0..<product.n {
        let terms = product.terms(.f32, row, output)
        let exact = terms.reduce(0.0) { $0 + $1.0 * $1.1 }
        let plain = terms.reduce(Float(0)) { $0 + Float($1.0) * Float($1.1) }
        let error = Double(y[row * product.ldy + output]) - exact
        ours += error * error
        straightforward += (Double(plain) - exact) * (Double(plain) - exact)
      }
    }
    #expect(ours * 4 < straightforward)
  }
}
