public import Architecture

/// A canonical weight tensor as y = W·x with N outputs and K inputs, in the order of K that bundles store.
public struct WeightMatrix: Sendable, Equatable {
  public let outputs, inputs: Int
  private let arrangement: Arrangement

  private enum Arrangement: Sendable, Equatable {
    /// `[N, K]`: canonical order is stored order.
    case rows
    /// `[K, N]`.
    case columns
    /// `[N, C, kernelArea]` with the channel slowest; stored with the channel fastest.
    case channelsSlowest(channels: Int, kernelArea: Int)
  }

  /// Nil for parameters that are not matrices.
  public init?(_ parameter: Parameter) {
    let shape = parameter.shape
    switch parameter.role {
    case .linear, .tokenTable, .positions:
      self.init(outputs: shape[0], inputs: shape[1], .rows)
    case .projection:
      self.init(outputs: shape[1], inputs: shape[0], .columns)
    case .convolution:
      let area = shape[2] * shape[3]
      self.init(
        outputs: shape[0], inputs: shape[1] * area,
        area == 1 ? .rows : .channelsSlowest(channels: shape[1], kernelArea: area))
    case .vector, .batchNorm, .logitScale, .logitBias: return nil
    }
  }

  private init(outputs: Int, inputs: Int, _ arrangement: Arrangement) {
    self.outputs = outputs
    self.inputs = inputs
    self.arrangement = arrangement
  }

  /// N and K.
  public var shape: MatrixShape { MatrixShape(outputs: outputs, inputs: inputs) }

  /// Whether a row of W is contiguous in the canonical tensor.
  public var hasCanonicalRows: Bool { arrangement == .rows }

  /// Whether rows n … of W are the values from n · K on, in any order: true for all but `[K, N]`.
  public var isOutputMajor: Bool { arrangement != .columns }

  /// Copies rows `range` of W, K values each, one after another.
  public func copyRows(_ range: Range<Int>, of values: Span<Float>, into rows: inout MutableSpan<Float>) {
    precondition(values.count == outputs * inputs && rows.count >= range.count * inputs)
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs)
    values.withUnsafeBufferPointer { source in
      rows.withUnsafeMutableBufferPointer { target in
        for (index, row) in range.enumerated() {
          copyRow(
            row, of: source, into: UnsafeMutableBufferPointer(rebasing: target[(index * inputs)...]))
        }
      }
    }
  }

  private func copyRow(
    _ row: Int, of source: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<Float>
  ) {
    switch arrangement {
    case .rows:
      let start = row * inputs
      for input in 0..<inputs { target[input] = source[start + input] }
    case .columns:
      for input in 0..<inputs { target[input] = source[input * outputs + row] }
    case .channelsSlowest(let channels, let kernelArea):
      for position in 0..<kernelArea {
        for channel in 0..<channels {
          target[position * channels + channel] = source[(row * channels + channel) * kernelArea + position]
        }
      }
    }
  }

  /// Flat index of W[row, input] in the canonical tensor.
  public func canonicalIndex(row: Int, input: Int) -> Int {
    switch arrangement {
    case .rows: return row * inputs + input
    case .columns: return input * outputs + row
    case .channelsSlowest(let channels, let kernelArea):
      let (position, channel) = input.quotientAndRemainder(dividingBy: channels)
      return (row * channels + channel) * kernelArea + position
    }
  }

  /// The inverse of `copyRows`: writes rows of W to the canonical tensor.
  public func restoreRows(
    _ range: Range<Int>, from rows: Span<Float>, into values: inout MutableSpan<Float>
  ) {
    precondition(values.count == outputs * inputs && rows.count >= range.count * inputs)
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs)
    for (index, row) in range.enumerated() {
      let start = index * inputs
      switch arrangement {
      case .rows:
        for input in 0..<inputs { values[row * inputs + input] = rows[start + input] }
      case .columns:
        for input in 0..<inputs { values[input * outputs + row] = rows[start + input] }
      case .channelsSlowest(let channels, let kernelArea):
        for position in 0..<kernelArea {
          for channel in 0..<channels {
            values[(row * channels + channel) * kernelArea + position] =
              rows[start + position * channels + channel]
          }
        }
      }
    }
  }
}
