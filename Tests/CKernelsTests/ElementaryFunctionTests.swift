import CKernels
import Glibc
import TestSupport
import Testing

@Suite("Elementary functions of kernels") struct ElementaryFunctionTests {
  /// In units in the last place of the result.
  private func ulps(_ value: Float, _ exact: Double) -> Double {
    abs(Double(value) - exact) / Double(Float(exact).ulp)
  }

  @Test("exp is within 2 ulp if the result is a normal number")
  func exponential() {
    var worst = 0.0
    var x: Float = -87.33
    while x < 88.72 {
      worst = max(worst, ulps(pk_expf(x), exp(Double(x))))
      x += 0.000_37
    }
    #expect(worst <= 2)
  }

  @Test("exp is 0 for small x, infinite for large x, 1 at zero, and NaN for NaN")
  func exponentialLimits() {
    #expect(pk_expf(-87.4) == 0 && pk_expf(-.infinity) == 0 && pk_expf(-1e30) == 0)
    #expect(pk_expf(88.8) == .infinity && pk_expf(.infinity) == .infinity)
    #expect(pk_expf(0) == 1 && pk_expf(-0.0) == 1)
    #expect(pk_expf(.nan).isNaN)
  }

  @Test("2^x is within 2.5 ulp up to |x| = 126, and NaN for NaN")
  func powersOfTwo() {
    var worst = 0.0
    var x: Float = -126
    while x < 126 {
      worst = max(worst, ulps(pk_exp2f(x), exp2(Double(x))))
      x += 0.000_37
    }
    #expect(worst <= 2.5)
    #expect(pk_exp2f(0) == 1)
    #expect(pk_exp2f(.nan).isNaN)
  }

  @Test("Square roots are correctly rounded")
  func squareRoots() {
    var numbers = SplitMix(seed: 2)
    for _ in 0..<10_000 {
      let x = abs(numbers.float()) * 1e3
      #expect(pk_sqrtf(x) == x.squareRoot() && pk_sqrt(Double(x)) == Double(x).squareRoot())
    }
    #expect(pk_sqrtf(-1).isNaN)
  }

  @Test("log2 is within 4 ulp and exact for powers of two")
  func logarithm() {
    var numbers = SplitMix(seed: 3)
    for exponent in -1000..<1000 {
      #expect(pk_log2(scalbn(1.0, Int32(exponent))) == Double(exponent))
      let x = scalbn(1 + abs(Double(numbers.float())), Int32(exponent))
      let exact = log2(x)
      #expect(abs(pk_log2(x) - exact) <= 4 * max(exact.ulp, Double.ulpOfOne / 16))
    }
  }

  @Test("Rounding goes to even at halves, floor goes down")
  func rounding() {
    for x: Float in [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, 8388607.5, 1e20, -3.2, 7] {
      #expect(pk_roundf(x) == x.rounded(.toNearestOrEven) && pk_floorf(x) == x.rounded(.down))
      let wide = Double(x) + 0.1
      #expect(
        pk_round(wide) == wide.rounded(.toNearestOrEven) && pk_floor(wide) == wide.rounded(.down))
    }
    #expect(pk_roundf(.infinity) == .infinity && pk_floorf(.nan).isNaN)
  }

  /// Compares activations with their formulas in double precision, relative to the input's size.
  @Test("Activations equal their formulas", arguments: KernelTable.all)
  func activations(table: KernelTable) {
    let formulas: [(pk_activation, (Double) -> Double)] = [
      (PK_ACTIVATION_NONE, { $0 }),
      (PK_ACTIVATION_QUICK_GELU, { $0 / (1 + exp(-1.702 * $0)) }),
      (PK_ACTIVATION_GELU_ERF, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
      (
        PK_ACTIVATION_GELU_TANH,
        { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
      ),
    ]
    let inputs = (-2000..<2000).map { Float($0) * 0.01 }
    for (activation, formula) in formulas {
      let outputs = activate(table, activation, inputs)
      for (x, y) in zip(inputs, outputs) {
        let exact = formula(Double(x))
        #expect(abs(Double(y) - exact) <= 1.5e-7 * max(1, abs(Double(x))), "\(activation) of \(x)")
      }
    }
  }

  /// A product with one input of weight 1 is exact, so only the activation can differ.
  private func activate(_ table: KernelTable, _ activation: pk_activation, _ x: [Float]) -> [Float] {
    let one = [Float](repeating: 1, count: 16)
    var epilogue = pk_epilogue()
    epilogue.output_count = 1
    epilogue.activation = activation
    var y = x
    var product = pk_product(
      lines: 1, line_rows: x.count, x_row_stride: 1, x_line_stride: 0, segments: 1, segment_inputs: 1,
      segment_stride: 0, y_row_stride: 1, y_line_stride: 0, epilogue: epilogue)
    table.kernels.pointee.gemm_f32(&product, 0, 1, x, one, &y)
    return y
  }

  @Test("Activations have scalar's bits for a hundred thousand inputs", arguments: KernelTable.fast)
  func activationsAgree(table: KernelTable) {
    var numbers = SplitMix(seed: 9)
    let inputs = numbers.floats(100_000, scale: 12) + [0, -0.0, 90, -90, 1e30, -1e30]
    for activation in MatrixProductTests.activations {
      let expected = activate(.scalar, activation, inputs)
      #expect(bits(activate(table, activation, inputs)) == bits(expected), "\(activation)")
    }
  }
}
