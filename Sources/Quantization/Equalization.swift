internal import Architecture
public import BundleFormat

/// Powers of two that move magnitude from activations into weights before both become int8.
///
/// A channel with large values after a LayerNorm reduces the resolution of every other channel of its token, because
/// a token has one scale. Dividing the LayerNorm's gain and bias of that channel by s and multiplying the next linear
/// layer's column by s does not change the function. Because s is a power of two, no bit is lost. (Xiao et al.,
/// "SmoothQuant", 2022, with weights instead of calibration data.) The negated exponents undo it.
public struct Equalization: Sendable, Equatable {
  /// By index of the consuming parameter: e per input channel. Its column is multiplied by 2^e, its input divided.
  public private(set) var consumers: [Int: [Int32]] = [:]
  /// By index of the producing parameter: the divisors of its channels.
  private var producers: [Int: ProducerScaling] = [:]

  /// The exponents of the rows (or of the elements) of one producing parameter.
  private struct ProducerScaling: Sendable, Equatable {
    /// The first row that feeds the consumer: 0 for a LayerNorm, 2 · width for the values of an in-projection.
    var firstRow: Int
    var exponents: [Int32]
  }

  public init() {}

  /// Records the exponents of a pair.
  public mutating func add(_ pair: EqualizedPair, _ exponents: [Int32]) {
    consumers[pair.consumer] = exponents
    let scaling = ProducerScaling(firstRow: pair.producer.firstRow, exponents: exponents)
    producers[pair.producer.weight] = scaling
    producers[pair.producer.bias] = scaling
  }

  /// Multiplies some rows of a matrix, `inputs` values each, by factors of rows and columns; nil for 1.
  public static func scale(
    _ rows: Range<Int>, inputs: Int, rowFactors: [Float]?, columnFactors: [Float]?, _ values: inout [Float]
  ) {
    for (index, row) in rows.enumerated() {
      let rowFactor = rowFactors?[row] ?? 1
      let start = index * inputs
      if let columnFactors {
        for input in 0..<inputs { values[start + input] *= columnFactors[input] * rowFactor }
      } else if rowFactor != 1 {
        for input in 0..<inputs { values[start + input] *= rowFactor }
      }
    }
  }

  /// The factors of the columns of parameter `index`; nil for 1.
  public func columnFactors(of index: Int) -> [Float]? {
    consumers[index].map { $0.map { powerOfTwo($0) } }
  }

  /// The `rowCount` factors of the rows (elements of a vector) of parameter `index`; nil for 1.
  public func rowFactors(of index: Int, rowCount: Int) -> [Float]? {
    guard let scaling = producers[index] else { return nil }
    var factors = [Float](repeating: 1, count: rowCount)
    for (channel, exponent) in scaling.exponents.enumerated() {
      factors[scaling.firstRow + channel] = powerOfTwo(-exponent)
    }
    return factors
  }
}
