import CRounding
import Quantization
import Testing

/// A layer with correlated inputs.
private struct Layer {
  let width, outputs, rowCount: Int
  let inputs, weights, scales: [Float]

  /// Inputs are mixtures of a third as many sources, plus a constant.
  init(width: Int, outputs: Int, rowCount: Int, seed: UInt64 = 1) {
    (self.width, self.outputs, self.rowCount) = (width, outputs, rowCount)
    var noise = Noise(state: seed)
    let sources = max(1, width / 3)
    let mixing = (0..<width * sources).map { _ in noise.next() }
    var inputs: [Float] = []
    for _ in 0..<rowCount {
      let values = (0..<sources).map { _ in noise.next() }
      for input in 0..<width {
        let mixed = (0..<sources).reduce(Float(0)) { $0 + mixing[input * sources + $1] * values[$1] }
        inputs.append(mixed + 0.1 * noise.next() + Float(input % 3))
      }
    }
    self.inputs = inputs
    weights = (0..<outputs * width).map { _ in noise.next() }
    let weights = weights
    scales = (0..<outputs).map { row in
      (0..<width).reduce(Float(0)) { max($0, abs(weights[row * width + $1])) } / 127
    }
  }

  func feedback(
    isCentred: Bool = false, exponents: [Int32]? = nil, damping: Double = 0.01,
    level: cr_level = cr_fastest_level(), pieces: Int = 1
  ) -> ErrorFeedback? {
    let largest = inputs.reduce(Float(0)) { max($0, abs($1)) }
    var moments = SecondMoments(width: width, largest: largest, level: level)
    for piece in 0..<pieces {
      let rows = rowCount * piece / pieces..<rowCount * (piece + 1) / pieces
      moments.add(Array(inputs[rows.lowerBound * width..<rows.upperBound * width]))
    }
    return moments.factored(exponents: exponents, isCentred: isCentred, damping: damping)
  }

  var nearest: [Int8] {
    weights.indices.map { Int8((weights[$0] / scales[$0 / width]).rounded(.toNearestOrEven)) }
  }

  /// Mean square and mean of the outputs' errors.
  func errors(_ q: [Int8]) -> (square: Double, mean: Double) {
    var (square, mean) = (0.0, 0.0)
    for row in 0..<outputs {
      var total = 0.0
      for sample in 0..<rowCount {
        var error = 0.0
        for input in 0..<width {
          let index = row * width + input
          error +=
            (Double(weights[index]) - Double(q[index]) * Double(scales[row]))
            * Double(inputs[sample * width + input])
        }
        square += error * error
        total += error
      }
      mean += abs(total / Double(rowCount))
    }
    return (square / Double(outputs * rowCount), mean / Double(outputs))
  }
}

/// Values in −1 … 1.
private struct Noise {
  var state: UInt64

  mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
  }
}

@Suite("Rounding with error feedback") struct ErrorFeedbackTests {
  @Test("Outputs' errors are a fraction of those of rounding to nearest")
  func errorsAreSmaller() throws {
    let layer = Layer(width: 150, outputs: 37, rowCount: 700)
    let q = try #require(layer.feedback()).round(layer.weights, scales: layer.scales)
    #expect(layer.errors(q).square < 0.2 * layer.errors(layer.nearest).square)
  }

  /// Independent inputs carry no information about each other.
  @Test("Inputs of which one is nonzero at a time are rounded to nearest")
  func independentInputs() throws {
    let width = 21
    let layer = Layer(width: width, outputs: 17, rowCount: 1)
    var moments = SecondMoments(width: width, largest: 2)
    for input in 0..<width {
      var row = [Float](repeating: 0, count: width)
      row[input] = Float(1 + input % 2)
      moments.add(row)
    }
    let feedback = try #require(moments.factored(exponents: nil, isCentred: false, damping: 0.01))
    #expect(feedback.round(layer.weights, scales: layer.scales) == layer.nearest)
  }

  @Test(
    "Sizes beside panels, tiles, blocks and groups: as the definition says",
    arguments: [(1, 1), (3, 2), (15, 16), (16, 17), (17, 5), (63, 3), (64, 33), (65, 16), (130, 20)])
  func definition(width: Int, outputs: Int) throws {
    let layer = Layer(width: width, outputs: outputs, rowCount: 2 * width + 3)
    let exponents = (0..<width).map { Int32($0 % 4 - 2) }
    let feedback = try #require(layer.feedback(isCentred: true, exponents: exponents))
    let expected = Definition(layer, exponents, damping: 0.01).rounded(layer)
    #expect(feedback.round(layer.weights, scales: layer.scales) == expected)
  }

  @Test("Every instruction set and every division into calls gives the same bits")
  func sameBits() throws {
    let layer = Layer(width: 203, outputs: 50, rowCount: 900)
    let expected = try #require(layer.feedback(isCentred: true, level: CR_BASELINE))
    let q = expected.round(layer.weights, scales: layer.scales)
    for level in [CR_BASELINE, CR_AVX2, CR_AVX512] where level.rawValue <= cr_fastest_level().rawValue {
      for pieces in [1, 7] {
        let found = try #require(layer.feedback(isCentred: true, level: level, pieces: pieces))
        #expect(found.hasBits(of: expected))
        #expect(found.round(layer.weights, scales: layer.scales) == q)
      }
    }
  }

  @Test("The mean errors are those of the outputs, and subtracting them leaves no mean")
  func meanErrors() throws {
    let layer = Layer(width: 40, outputs: 9, rowCount: 300)
    let feedback = try #require(layer.feedback(isCentred: true))
    let q = feedback.round(layer.weights, scales: layer.scales)
    let errors = feedback.meanErrors(layer.weights, scales: layer.scales, q)
    let mean = errors.reduce(0) { $0 + abs($1) } / Double(errors.count)
    #expect(abs(mean - layer.errors(q).mean) < 1e-3 * mean)
  }

  @Test("Equalized inputs: exponents change the means by powers of two")
  func exponentsScaleMeans() throws {
    let layer = Layer(width: 5, outputs: 1, rowCount: 20)
    let plain = try #require(layer.feedback())
    let equalized = try #require(layer.feedback(exponents: [0, 1, -1, 2, -3]))
    #expect(zip(plain.means, [1, 2, 0.5, 4, 0.125]).map { $0 / $1 } == equalized.means)
  }

  @Test("Inputs that are all zero choose nothing; a row of zeros has zeros")
  func zeros() throws {
    var silent = SecondMoments(width: 3, largest: 0)
    silent.add([0, 0, 0, 0, 0, 0])
    #expect(silent.factored(exponents: nil, isCentred: false, damping: 0.01) == nil)
    let layer = Layer(width: 8, outputs: 1, rowCount: 20)
    let feedback = try #require(layer.feedback())
    #expect(feedback.round([Float](repeating: 0, count: 8), scales: [0]) == [0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test("Rounded weights stay within ±127")
  func limits() throws {
    let layer = Layer(width: 30, outputs: 40, rowCount: 90)
    // Weights at the limit, whose corrections would exceed it.
    let weights = layer.weights.map { $0 < 0 ? Float(-1) : 1 }
    let q = try #require(layer.feedback()).round(weights, scales: layer.scales.map { _ in 1 / 127 })
    #expect(q.allSatisfy { (-127...127).contains($0) })
    #expect(q.contains(127) && q.contains(-127))
  }
}

/// The definition in docs/QUANTIZATION.md, one operation after another.
private struct Definition {
  /// M[j][i] for j < i, as rows i.
  var feedback: [[Double]]

  init(_ layer: Layer, _ exponents: [Int32], damping: Double) {
    let (width, count) = (layer.width, Double(layer.rowCount))
    let largest = layer.inputs.reduce(Float(0)) { max($0, abs($1)) }
    let factor = 32767 / Double(largest)
    let x = layer.inputs.map { (Double($0) * factor).rounded(.toNearestOrEven) }
    let powers = exponents.map { Double(sign: .plus, exponent: Int(-$0), significand: 1) }
    var moments = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
    for i in 0..<width {
      for j in 0..<width {
        var (product, mine, other) = (0.0, 0.0, 0.0)
        for row in 0..<layer.rowCount {
          product += x[row * width + i] * x[row * width + j]
          mine += x[row * width + i]
          other += x[row * width + j]
        }
        moments[i][j] = (product - mine * other / count) * (powers[i] * powers[j])
      }
    }
    let diagonal = (0..<width).reversed().reduce(0) { $0 + moments[$1][$1] } / Double(width)
    for i in 0..<width { moments[i][i] += damping * diagonal }
    // Eliminates inputs from the last to the first.
    for k in (0..<width).reversed() {
      for i in (0..<k).reversed() {
        let quotient = moments[k][i] / moments[k][k]
        for j in 0...i { moments[i][j] -= quotient * moments[k][j] }
      }
    }
    feedback = (0..<width).map { i in (0..<i).map { moments[i][$0] / moments[i][i] } }
  }

  func rounded(_ layer: Layer) -> [Int8] {
    var q = [Int8](repeating: 0, count: layer.weights.count)
    for row in 0..<layer.outputs {
      let scale = Double(layer.scales[row])
      var errors: [Double] = []
      for i in 0..<layer.width {
        let weight = Double(layer.weights[row * layer.width + i])
        var fed = 0.0
        for j in 0..<i { fed += errors[j] * feedback[i][j] }
        let value = ((weight + fed) / scale).rounded(.toNearestOrEven)
        let limited = min(127, max(-127, value))
        q[row * layer.width + i] = Int8(limited)
        errors.append(weight - limited * scale)
      }
    }
    return q
  }
}
