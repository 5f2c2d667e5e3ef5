import CKernels

/// Operands of one matrix product, in every weight format, at the edge of their pages.
struct Product {
  enum Kind: CaseIterable, Sendable { case f32, f16, s8f, s8s8, u8s8 }

  let m, n, k: Int
  let panelCount: Int
  let x: UnsafeMutablePointer<Float>
  let xS8: UnsafeMutablePointer<Int8>
  let xU8: UnsafeMutablePointer<UInt8>
  let rowScale: UnsafeMutablePointer<Float>
  let w: UnsafeMutablePointer<Float>
  let wF16: UnsafeMutablePointer<UInt16>
  let q: UnsafeMutablePointer<Int8>
  let qSum: UnsafeMutablePointer<Int32>
  let scale: UnsafeMutablePointer<Float>
  let bias: UnsafeMutablePointer<Float>
  let residual: UnsafeMutablePointer<Float>
  let ldx, ldy: Int

  static let u8Scale: Float = 0.013
  static let zeroPoint: Int32 = 93

  /// `k` is a multiple of 4 where an int8 kind is run. Rows lie one element more apart than they need.
  init(m: Int, n: Int, k: Int, seed: UInt64 = 1, arena: Arena) {
    var numbers = Numbers(seed: seed)
    (self.m, self.n, self.k) = (m, n, k)
    panelCount = roundUp(n, to: 16) / 16
    (ldx, ldy) = (k + 1, n + 1)
    let stored = panelCount * 16 * k
    let xCount = max(0, m * ldx - 1)
    x = arena.copy(numbers.floats(xCount))
    xS8 = arena.copy(numbers.weights(xCount))
    xU8 = arena.copy(numbers.bytes(xCount))
    rowScale = arena.copy(numbers.floats(m))
    let values = numbers.floats(stored)
    w = arena.copy(values)
    wF16 = arena.copy(values.map { Float16($0).bitPattern })
    let integers = numbers.weights(panelCount * 16 * roundUp(k, to: 4))
    q = arena.copy(integers)
    qSum = arena.copy(
      (0..<panelCount * 16).map { output in
        (0..<k).reduce(Int32(0)) { $0 + Int32(integers[Self.s8Index(output, $1, k)]) }
      })
    scale = arena.copy(numbers.floats(panelCount * 16))
    bias = arena.copy(numbers.floats(panelCount * 16))
    residual = arena.copy(numbers.floats(max(0, m * ldy - 1)))
  }

  static func index(_ output: Int, _ input: Int, _ k: Int) -> Int {
    (output / 16 * k + input) * 16 + output % 16
  }

  static func s8Index(_ output: Int, _ input: Int, _ k: Int) -> Int {
    output / 16 * roundUp(k, to: 4) * 16 + (input / 4 * 16 + output % 16) * 4 + input % 4
  }

  /// Exact operands of output (i, n): activation and weight of each input, before scales.
  func terms(_ kind: Kind, _ row: Int, _ output: Int) -> [(Double, Double)] {
    (0..<k).map { input in
      let at = row * ldx + input
      switch kind {
      case .f32: return (Double(x[at]), Double(w[Self.index(output, input, k)]))
      case .f16:
        return (
          Double(x[at]), Double(Float16(bitPattern: wF16[Self.index(output, input, k)]))
        )
      case .s8f: return (Double(x[at]), Double(q[Self.s8Index(output, input, k)]))
      case .s8s8: return (Double(xS8[at]), Double(q[Self.s8Index(output, input, k)]))
      case .u8s8:
        return (Double(Int32(xU8[at]) - Self.zeroPoint), Double(q[Self.s8Index(output, input, k)]))
      }
    }
  }

  /// Everything that the epilogue can do, except what the caller switches off.
  func epilogue(
    activation: pk_activation = PK_ACTIVATION_NONE, residual useResidual: Bool = false,
    reluLast: Bool = false, scaled: Bool = true, biased: Bool = true
  ) -> pk_epilogue {
    var epilogue = pk_epilogue()
    epilogue.scale = scaled ? UnsafePointer(scale) : nil
    epilogue.bias = biased ? UnsafePointer(bias) : nil
    epilogue.residual = useResidual ? UnsafePointer(residual) : nil
    epilogue.residual_stride = ldy
    epilogue.output_count = n
    epilogue.activation = activation
    epilogue.relu_last = reluLast ? 1 : 0
    return epilogue
  }

  /// Rows `rows` of panels `panels` into `y`, the place of row 0.
  func run(
    _ kind: Kind, _ table: KernelTable, _ epilogue: pk_epilogue, rows: Range<Int>? = nil,
    panels: Range<Int>? = nil, into y: UnsafeMutablePointer<Float>
  ) {
    let rows = rows ?? 0..<m
    let (begin, end) = ((panels ?? 0..<panelCount).lowerBound, (panels ?? 0..<panelCount).upperBound)
    let offset = rows.lowerBound * ldx
    let out = y + rows.lowerBound * ldy
    let kernels = table.kernels.pointee
    var epilogue = epilogue
    if let residual = epilogue.residual { epilogue.residual = residual + rows.lowerBound * ldy }
    switch kind {
    case .f32:
      kernels.gemm_f32(rows.count, k, begin, end, x + offset, ldx, w, out, ldy, &epilogue)
    case .f16:
      kernels.gemm_f16(rows.count, k, begin, end, x + offset, ldx, wF16, out, ldy, &epilogue)
    case .s8f:
      kernels.gemm_s8f(rows.count, k, begin, end, x + offset, ldx, q, out, ldy, &epilogue)
    case .s8s8:
      kernels.gemm_s8s8(
        rows.count, k, begin, end, xS8 + offset, ldx, rowScale + rows.lowerBound, q, out, ldy,
        &epilogue)
    case .u8s8:
      kernels.gemm_u8s8(
        rows.count, k, begin, end, xU8 + offset, ldx, Self.u8Scale, Self.zeroPoint, q, qSum, out,
        ldy, &epilogue)
    }
  }

  /// A fresh output whose elements are all `untouched`.
  func output(_ arena: Arena) -> UnsafeMutablePointer<Float> {
    arena.buffer(count: max(0, m * ldy - 1), of: Self.untouched)
  }

  static let untouched: Float = -12345.5

  func bits(_ y: UnsafeMutablePointer<Float>) -> [UInt32] {
    array(y, max(0, m * ldy - 1)).map(\.bitPattern)
  }
}
