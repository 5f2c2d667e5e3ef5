internal import Architecture

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

extension Tensor {
  /// LayerNorm over the last axis; mean and variance in double precision.
  func layerNorm(_ gain: Tensor, _ bias: Tensor, epsilon: Float) -> Tensor {
    var result = self
    let width = Double(width)
    result.forEachRow { row in
      var sum = 0.0
      for value in row { sum += Double(value) }
      let mean = sum / width
      var squares = 0.0
      for value in row {
        let deviation = Double(value) - mean
        squares += deviation * deviation
      }
      let scale = 1 / (squares / width + Double(epsilon)).squareRoot()
      for index in 0..<row.count {
        let standardized = Float((Double(row[index]) - mean) * scale)
        row[index] = standardized * gain.values[index] + bias.values[index]
      }
    }
    return result
  }

  /// The MLP's nonlinearity.
  func activated(_ activation: Activation) -> Tensor {
    var result = self
    result.forEachRow { row in
      switch activation {
      case .quickGELU: for index in 0..<row.count { row[index] = quickGELU(row[index]) }
      case .gelu: for index in 0..<row.count { row[index] = gelu(row[index]) }
      case .geluTanh: for index in 0..<row.count { row[index] = geluTanh(row[index]) }
      }
    }
    return result
  }

  /// max(x, 0)
  mutating func rectify() {
    forEachRow { row in
      for index in 0..<row.count { row[index] = max(row[index], 0) }
    }
  }
}

/// x · sigmoid(1.702 x)
@inline(__always)
private func quickGELU(_ x: Float) -> Float { x / (1 + expf(-1.702 * x)) }

/// x · Φ(x)
@inline(__always)
private func gelu(_ x: Float) -> Float { 0.5 * x * (1 + erff(x * 0.707_106_77)) }

/// PyTorch's `approximate="tanh"`.
@inline(__always)
private func geluTanh(_ x: Float) -> Float {
  0.5 * x * (1 + tanhf(0.797_884_56 * (x + 0.044_715 * x * x * x)))
}

/// Softmax of the first `count` values in place, the rest set to 0: what follows is masked.
func softmax(_ row: UnsafeMutableBufferPointer<Float>, count: Int) {
  var largest = -Float.infinity
  for index in 0..<count { largest = max(largest, row[index]) }
  var sum = 0.0
  for index in 0..<count {
    let power = expf(row[index] - largest)
    row[index] = power
    sum += Double(power)
  }
  let scale = Float(1 / sum)
  for index in 0..<count { row[index] *= scale }
  for index in count..<row.count { row[index] = 0 }
}
