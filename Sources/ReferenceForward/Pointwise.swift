internal import Architecture

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

  /// The MLP's nonlinearity, computed in FP64 and rounded once.
  func activated(_ activation: Activation) -> Tensor {
    var result = self
    result.forEachRow { row in
      switch activation {
      case .quickGELU: row.transform(quickGELU)
      case .gelu: row.transform(gelu)
      case .geluTanh: row.transform(geluTanh)
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

private typealias Lanes = ElementaryFunctions.Lanes

extension UnsafeMutableBufferPointer<Float> {
  /// Every value through `function`, eight at a time.
  @inline(__always)
  fileprivate func transform(_ function: (Lanes) -> Lanes) {
    for start in stride(from: 0, to: count, by: Lanes.scalarCount) {
      let filled = Swift.min(Lanes.scalarCount, count - start)
      var lanes = Lanes()
      for lane in 0..<filled { lanes[lane] = Double(self[start + lane]) }
      let results = function(lanes)
      for lane in 0..<filled { self[start + lane] = Float(results[lane]) }
    }
  }
}

/// x · sigmoid(1.702 x)
@inline(__always)
private func quickGELU(_ x: Lanes) -> Lanes { x / (1 + ElementaryFunctions.exponential(-1.702 * x)) }

/// x · Φ(x); Φ(−|x|) = erfc(|x| / √2) / 2.
@inline(__always)
private func gelu(_ x: Lanes) -> Lanes {
  let isNegative = x .< 0
  let distance = x.replacing(with: -x, where: isNegative)
  let lowerTail = 0.5 * ElementaryFunctions.complementaryError(distance * 0.5.squareRoot())
  return x * (1 - lowerTail).replacing(with: lowerTail, where: isNegative)
}

/// PyTorch's `approximate="tanh"`: (1 + tanh(u)) / 2 = 1 / (1 + e^(−2u)).
@inline(__always)
private func geluTanh(_ x: Lanes) -> Lanes {
  let u = (2 / Double.pi).squareRoot() * (x + 0.044_715 * x * x * x)
  return x / (1 + ElementaryFunctions.exponential(-2 * u))
}

/// Softmax of the first `count` values in place. The rest, which is masked, is set to 0.
func softmax(_ row: UnsafeMutableBufferPointer<Float>, count: Int) {
  let visible = UnsafeMutableBufferPointer(rebasing: row[..<count])
  var largest = -Float.infinity
  for value in visible { largest = max(largest, value) }
  let shift = Double(largest)
  visible.transform { ElementaryFunctions.exponential($0 - shift) }
  var sum = 0.0
  for power in visible { sum += Double(power) }
  let scale = Float(1 / sum)
  for index in 0..<count { row[index] *= scale }
  for index in count..<row.count { row[index] = 0 }
}
