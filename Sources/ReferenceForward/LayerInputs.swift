/// The rows that a layer multiplies, each in the order of its weights in a bundle: in convolutions the channel is fastest.
package struct LayerInputs {
  private let values: Tensor
  private let arrangement: Arrangement
  /// Values of a row: K.
  package let width: Int
  /// Rows of all items together.
  package let rowCount: Int

  private enum Arrangement {
    /// Rows of the tensor.
    case rows
    /// Rows of the tensor, channel slowest.
    case channelsSlowest(channels: Int)
    /// 3×3 neighbourhoods in maps.
    case neighbourhoods(Convolution3x3)
  }

  init(_ rows: Tensor) {
    values = rows
    arrangement = .rows
    width = rows.width
    rowCount = rows.rowCount
  }

  init(patches: Tensor, channels: Int) {
    values = patches
    arrangement = .channelsSlowest(channels: channels)
    width = patches.width
    rowCount = patches.rowCount
  }

  init(maps: Tensor, stride: Int) {
    let convolution = Convolution3x3(input: maps, stride: stride)
    values = maps
    arrangement = .neighbourhoods(convolution)
    width = 9 * convolution.channels
    rowCount = convolution.rowCount
  }

  /// The largest magnitude; NaN if there is a NaN.
  package var largest: Float {
    var largest: Float = 0
    for value in values.values {
      let magnitude = abs(value)
      if magnitude.isNaN { return magnitude }
      largest = max(largest, magnitude)
    }
    return largest
  }

  /// Some rows, one after another.
  package func rows(_ range: Range<Int>) -> [Float] {
    switch arrangement {
    case .rows: Array(values.values[range.lowerBound * width..<range.upperBound * width])
    case .channelsSlowest(let channels): reordered(range, channels: channels)
    case .neighbourhoods(let convolution):
      values.values.withUnsafeBufferPointer { convolution.gather(range, from: $0) }
    }
  }

  private func reordered(_ range: Range<Int>, channels: Int) -> [Float] {
    let area = width / channels
    var rows = [Float](repeating: 0, count: range.count * width)
    for (index, row) in range.enumerated() {
      for channel in 0..<channels {
        for position in 0..<area {
          rows[index * width + position * channels + channel] =
            values.values[row * width + channel * area + position]
        }
      }
    }
    return rows
  }
}
