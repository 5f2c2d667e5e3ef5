import CKernels
import TestSupport

/// Operands of one matrix product, in every weight format, at the edge of their pages.
struct Product {
  /// Integers have a scale per row (transformers) or one for all rows (convolutions), and one byte or two.
  enum Kind: CaseIterable, Sendable { case f32, f16, u8PerRow, u8Common, u16PerRow, u16Common }

  let m, n, k: Int
  let panelCount: Int
  let x: UnsafeMutablePointer<Float>
  let xU8: UnsafeMutablePointer<UInt8>
  /// High bytes, then `lowPlane` elements on the low ones.
  let xU16: UnsafeMutablePointer<UInt8>
  let lowPlane: Int
  /// Of each row, with one byte per activation.
  let rowQuantization: UnsafeMutablePointer<pk_quantization>
  let w: UnsafeMutablePointer<Float>
  let wF16: UnsafeMutablePointer<UInt16>
  let q: UnsafeMutablePointer<Int8>
  let qSum: UnsafeMutablePointer<Int32>
  let scale: UnsafeMutablePointer<Float>
  let bias: UnsafeMutablePointer<Float>
  let residual: UnsafeMutablePointer<Float>
  let ldx, ldy: Int

  static let commonScale: Float = 0.013

  /// `k` is a multiple of 4 for int8 kinds. Rows are one element further apart than necessary.
  init(m: Int, n: Int, k: Int, seed: UInt64 = 1, arena: Arena) {
    var numbers = SplitMix(seed: seed)
    (self.m, self.n, self.k) = (m, n, k)
    panelCount = roundUp(n, to: 16) / 16
    (ldx, ldy) = (k + 1, n + 1)
    let stored = panelCount * 16 * k
    let xCount = max(0, m * ldx - 1)
    x = arena.copy(numbers.floats(xCount))
    xU8 = arena.copy(numbers.bytes(xCount))
    xU16 = arena.copy(numbers.bytes(2 * xCount))
    lowPlane = xCount
    rowQuantization = arena.copy(
      numbers.floats(m).enumerated().map {
        pk_quantization(scale: $1, inverse_scale: 0, zero_point: Int32(93 + 37 * $0) % 256)
      })
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
      case .u8PerRow, .u8Common:
        return (
          Double(Int32(xU8[at]) - quantization(kind, row).zero_point),
          Double(q[Self.s8Index(output, input, k)])
        )
      case .u16PerRow, .u16Common:
        return (
          Double(256 * (Int32(xU16[at]) - PK_HIGH_ZERO_POINT) + Int32(xU16[lowPlane + at])),
          Double(q[Self.s8Index(output, input, k)])
        )
      }
    }
  }

  /// How the integers of a row stand for activations.
  func quantization(_ kind: Kind, _ row: Int) -> pk_quantization {
    var found =
      kind.hasCommonScale || row >= m
      ? pk_quantization(scale: Self.commonScale, inverse_scale: 0, zero_point: 93) : rowQuantization[row]
    if kind.hasTwoBytes { found.zero_point = PK_HIGH_ZERO_POINT }
    return found
  }

  /// All features of the epilogue, except those that the caller switches off.
  func epilogue(
    activation: pk_activation = PK_ACTIVATION_NONE, residual useResidual: Bool = false,
    lineStride: Int = 0, reluLast: Bool = false, scaled: Bool = true, biased: Bool = true
  ) -> pk_epilogue {
    var epilogue = pk_epilogue()
    epilogue.scale = scaled ? UnsafePointer(scale) : nil
    epilogue.bias = biased ? UnsafePointer(bias) : nil
    epilogue.residual = useResidual ? UnsafePointer(residual) : nil
    epilogue.residual_row_stride = ldy
    epilogue.residual_line_stride = lineStride
    epilogue.output_count = n
    epilogue.activation = activation
    epilogue.relu_last = reluLast ? 1 : 0
    return epilogue
  }

  /// Computes rows `rows` of panels `panels`; `y` points to row 0.
  func run(
    _ kind: Kind, _ table: KernelTable, _ epilogue: pk_epilogue, rows: Range<Int>? = nil,
    panels: Range<Int>? = nil, into y: UnsafeMutablePointer<Float>
  ) {
    let rows = rows ?? 0..<m
    var product = matrix(rows.count, epilogue)
    if let residual = epilogue.residual {
      product.epilogue.residual = residual + rows.lowerBound * ldy
    }
    run(
      kind, table, product, panels: panels, x: x + rows.lowerBound * ldx,
      bytes: bytes(kind) + rows.lowerBound * ldx,
      firstRow: rows.lowerBound, into: y + rows.lowerBound * ldy)
  }

  /// Computes any rows with these weights.
  func run(
    _ kind: Kind, _ table: KernelTable, _ product: pk_product, panels: Range<Int>? = nil,
    x: UnsafePointer<Float>, bytes: UnsafePointer<UInt8>, lowPlane: Int? = nil,
    firstRow: Int = 0, into y: UnsafeMutablePointer<Float>
  ) {
    let panels = panels ?? 0..<panelCount
    let (begin, end) = (panels.lowerBound, panels.upperBound)
    let kernels = table.kernels.pointee
    var product = product
    switch kind {
    case .f32: kernels.gemm_f32(&product, begin, end, x, w, y)
    case .f16: kernels.gemm_f16(&product, begin, end, x, wF16, y)
    case .u8PerRow, .u16PerRow, .u8Common, .u16Common:
      let quantizations = (firstRow..<max(m, firstRow + product.lines * product.line_rows, firstRow + 1)).map
      {
        quantization(kind, $0)
      }
      quantizations.withUnsafeBufferPointer { quantizations in
        var rows = pk_quantized_rows(
          rows: quantizations.baseAddress!, stride: kind.hasCommonScale ? 0 : 1, weight_sums: qSum,
          low_plane: kind.hasTwoBytes ? lowPlane ?? self.lowPlane : 0)
        kernels.gemm_u8s8(&product, begin, end, bytes, &rows, q, y)
      }
    }
  }

  /// The activations of an integer kind.
  func bytes(_ kind: Kind) -> UnsafePointer<UInt8> { UnsafePointer(kind.hasTwoBytes ? xU16 : xU8) }

  /// Rows of a plain matrix.
  func matrix(_ rows: Int, _ epilogue: pk_epilogue) -> pk_product {
    pk_product(
      lines: 1, line_rows: rows, x_row_stride: ldx, x_line_stride: 0, segments: 1, segment_inputs: k,
      segment_stride: 0, y_row_stride: ldy, y_line_stride: 0, epilogue: epilogue)
  }

  /// A new output whose elements are all `untouched`.
  func output(_ arena: Arena) -> UnsafeMutablePointer<Float> {
    arena.buffer(count: max(0, m * ldy - 1), of: Self.untouched)
  }

  static let untouched: Float = -12345.5

  func bits(_ y: UnsafeMutablePointer<Float>) -> [UInt32] {
    array(y, max(0, m * ldy - 1)).map(\.bitPattern)
  }
}

extension Product.Kind {
  var hasCommonScale: Bool {
    switch self {
    case .u8Common, .u16Common: true
    case .f32, .f16, .u8PerRow, .u16PerRow: false
    }
  }

  var hasTwoBytes: Bool {
    switch self {
    case .u16PerRow, .u16Common: true
    case .f32, .f16, .u8PerRow, .u8Common: false
    }
  }
}
