public import Architecture
public import BundleFormat
internal import CKernels

extension EqualizedPair {
  /// The exponents of a pair, from the unmodified weights.
  ///
  /// log₂ s = (log₂ ‖producer's channel‖ − log₂ max|consumer's column|) / 2, minus its mean over the channels where
  /// neither side is zero, rounded half to even; 0 on the other channels. FP64 throughout, sums in index order, so
  /// that the result does not depend on libraries or instruction sets.
  public func exponents<Source: ParameterSource>(
    in parameters: [Parameter], of source: Source
  ) throws(Source.Failure) -> [Int32] {
    let consumer = parameters[self.consumer]
    let squares = try producerSquares(parameters, source)
    let columns = try source.withValues(of: consumer) { values in
      largestMagnitudePerInput(of: consumer, values)
    }
    return Self.exponents(producerSquares: squares, columnMagnitudes: columns)
  }

  /// The exponents from Σ x² of each producing channel and max|w| of each consuming column.
  static func exponents(producerSquares: [Double], columnMagnitudes: [Float]) -> [Int32] {
    var logarithms: [Double?] = []
    var sum = 0.0
    var count = 0
    for (square, magnitude) in zip(producerSquares, columnMagnitudes) {
      guard square > 0, magnitude > 0, square.isFinite, magnitude.isFinite else {
        logarithms.append(nil)
        continue
      }
      let logarithm = (pk_log2(square) * 0.5 - pk_log2(Double(magnitude))) * 0.5
      logarithms.append(logarithm)
      sum += logarithm
      count += 1
    }
    let mean = count > 0 ? sum / Double(count) : 0
    let limit = Double(exponentLimit)
    return logarithms.map { logarithm in
      guard let logarithm else { return 0 }
      return Int32(max(-limit, min(limit, pk_round(logarithm - mean))))
    }
  }

  /// Σ x² over the weights that compute each channel: gain and bias of a LayerNorm, or row and bias of attention's
  /// values.
  private func producerSquares<Source: ParameterSource>(
    _ parameters: [Parameter], _ source: Source
  ) throws(Source.Failure) -> [Double] {
    let channels = channelCount(parameters)
    let weight = parameters[producer.weight]
    let rowLength = weight.shape.count == 2 ? weight.shape[1] : 1
    let first = producer.firstRow
    var squares = try source.withValues(of: weight) { values in
      (0..<channels).map { channel in
        sumOfSquares(values, from: (first + channel) * rowLength, count: rowLength)
      }
    }
    let biases = try source.withValues(of: parameters[producer.bias]) { values in
      (0..<channels).map { sumOfSquares(values, from: first + $0, count: 1) }
    }
    for channel in squares.indices { squares[channel] += biases[channel] }
    return squares
  }

  private func channelCount(_ parameters: [Parameter]) -> Int {
    let parameter = parameters[consumer]
    return parameter.shape[1 - parameter.outputAxis]
  }
}

private func sumOfSquares(_ values: Span<Float>, from start: Int, count: Int) -> Double {
  var sum = 0.0
  for index in start..<start + count {
    let value = Double(values[index])
    sum += value * value
  }
  return sum
}

/// max|w| over the outputs, per input: columns of a `[N, K]` linear, rows of a `[K, N]` projection.
private func largestMagnitudePerInput(of parameter: Parameter, _ values: Span<Float>) -> [Float] {
  let columns = parameter.shape[1]
  guard parameter.outputAxis == 0 else {
    return (0..<parameter.shape[0]).map { row in
      var largest: Float = 0
      for index in row * columns..<(row + 1) * columns { largest = max(largest, abs(values[index])) }
      return largest
    }
  }
  var largest = [Float](repeating: 0, count: columns)
  values.withUnsafeBufferPointer { source in
    largest.withUnsafeMutableBufferPointer { target in
      for row in 0..<parameter.shape[0] {
        let start = row * columns
        for column in 0..<columns {
          let magnitude = source[start + column].magnitude
          // Unlike `max`, this form vectorizes.
          target[column] = magnitude > target[column] ? magnitude : target[column]
        }
      }
    }
  }
  return largest
}
