import Quantization
import Testing

@Suite("Kernels that write weights") struct WeightKernelsTests {
  static let all = InstructionSets.here.compactMap { WeightKernels(isa: $0) }

  @Test("Every machine has the scalar kernels, and none has unknown ones")
  func scalarIsThereOnEveryMachineAndNonsenseOnNone() {
    #expect(Self.all.first?.isa == "scalar")
    #expect(WeightKernels(isa: "abacus") == nil)
    #expect(WeightKernels(isa: "") == nil)
  }

  private func quantized(_ rows: [Float], rowCount: Int, _ kernels: WeightKernels) -> (
    q: [Int8], sums: [Int32]
  ) {
    let inputs = rows.count / rowCount
    let padded = (inputs + 3) / 4 * 4
    let block = PanelBlock(rowCount: rowCount, inputs: inputs, paddedInputs: padded, panelCount: 1)
    let scales = kernels.scales(ofLargest: kernels.largestMagnitudes(of: rows.span, rowCount: rowCount))
    var stored = [UInt8](repeating: 0xAA, count: block.storedCount)
    var span = stored.mutableSpan
    var bytes = span.mutableBytes
    let sums = kernels.packInt8(block, rows: rows.span, scales: scales, into: &bytes)
    return (stored.map { Int8(bitPattern: $0) }, sums)
  }

  /// −128 has no positive counterpart: symmetric quantization stops at −127.
  @Test("int8 weights never hold -128", arguments: all)
  func minus128NeverAppears(kernels: WeightKernels) {
    var rows: [Float] = []
    for row in 0..<16 {
      let magnitude = Float(sign: .plus, exponent: row * 15 - 130, significand: 1.9999999)
      rows += [-magnitude, magnitude, -magnitude.nextDown, magnitude / 254]
    }
    let (q, _) = quantized(rows, rowCount: 16, kernels)
    #expect(q.contains(-127) && q.contains(127))
    #expect(!q.contains(-128))
  }

  @Test("A row of zeros has scale 0, and halves round to even", arguments: all)
  func zerosHaveScaleZeroAndHalvesRoundToEven(kernels: WeightKernels) {
    let rows: [Float] = [0, 0, 0, 0, 127, 0.5, 1.5, -2.5]
    let (q, sums) = quantized(rows, rowCount: 2, kernels)
    #expect(kernels.largestMagnitudes(of: rows.span, rowCount: 2) == [0, 127])
    #expect(Array(q[0..<4]) == [0, 0, 0, 0])
    #expect(Array(q[4..<8]) == [127, 0, 2, -2])
    #expect(sums == [0, 127])
    #expect(q[8...].allSatisfy { $0 == 0 })
  }

  @Test("A row of a table is written at the given offset", arguments: all)
  func aRowOfATableGoesWhereItIsRequested(kernels: WeightKernels) {
    let values: [Float] = [1, -1, 0.4]
    var stored = [UInt8](repeating: 7, count: 8)
    var span = stored.mutableSpan
    var bytes = span.mutableBytes
    kernels.quantize(values.span, scale: 1 / 127, into: &bytes, at: 2)
    #expect(stored == [7, 7, 127, 129, 51, 7, 7, 7])
  }

  @Test("A value beyond FP16 is reported", arguments: all)
  func whatDoesNotFitFloat16IsFound(kernels: WeightKernels) {
    var values = [Float](repeating: 65_504, count: 100)
    var stored = [UInt8](repeating: 0, count: 200)
    var span = stored.mutableSpan
    var bytes = span.mutableBytes
    #expect(kernels.narrow(values.span, into: &bytes, at: 0) == nil)
    values[71] = -65_520
    #expect(kernels.narrow(values.span, into: &bytes, at: 0) == 71)
  }
}

@Suite("Folded BatchNorms") struct BatchNormFoldTests {
  @Test("A folded BatchNorm equals the norm of inference")
  func foldIsTheNormOfInference() {
    let fold = BatchNormFold(
      gain: [1.5, -0.25], bias: [0.5, 2], mean: [3, -1], variance: [4, 0.01], epsilon: 1e-5)
    for (channel, x) in [(0, Float(2)), (1, -0.75)] {
      let parts: (gain: Double, bias: Double, mean: Double, variance: Double) =
        channel == 0 ? (1.5, 0.5, 3, 4) : (-0.25, 2, -1, Double(Float(0.01)))
      let expected =
        parts.gain * (Double(x) - parts.mean) / (parts.variance + Double(Float(1e-5))).squareRoot()
        + parts.bias
      let folded = Double(x) * Double(fold.scale[channel]) + Double(fold.bias[channel])
      #expect(abs(folded - expected) <= 4 * Self.halfUlp * max(1, abs(expected)))
    }
  }

  /// Scale and bias are each rounded once.
  private static let halfUlp = 0x1p-24

  /// γ = scale, β = bias, μ = 0, σ² = 1 − ε gives scale and bias again, bit for bit.
  @Test("Folding a restored norm gives the same scale and bias")
  func foldingARestoredNormChangesNothing() {
    let epsilon: Float = 1e-5
    let gains = (1...20_000).map { Float($0) * 0.000_37 - 3 }
    let count = gains.count
    let fold = BatchNormFold(
      gain: gains, bias: gains, mean: [Float](repeating: 0, count: count),
      variance: [Float](repeating: Float(1 - Double(epsilon)), count: count), epsilon: epsilon)
    #expect(fold.scale == gains)
    #expect(fold.bias == gains)
  }
}

@Suite("Weights that are not finite") struct FiniteTests {
  @Test(
    "The first value that is not finite is found", arguments: [0, 1, 4095, 4096, 9999],
    [Float.nan, .infinity, -.infinity])
  func theFirstThatIsNotFiniteIsFound(index: Int, value: Float) {
    var values = [Float](repeating: .greatestFiniteMagnitude, count: 10_000)
    #expect(values.span.firstNonFinite == nil)
    values[index] = value
    values[9999] = .nan
    #expect(values.span.firstNonFinite == index)
  }
}
