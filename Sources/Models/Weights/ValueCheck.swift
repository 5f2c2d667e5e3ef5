internal import Architecture
private import Synchronization

/// Rejects values that no weight may have. A parameter is checked once, however often it is read.
final class ValueCheck: Sendable {
  private let sound = Mutex<Set<ParameterName>>([])

  /// - Throws: `notFinite`, or `negativeVariance` for a BatchNorm's running variance.
  func require(
    _ values: UnsafeBufferPointer<Float>, of parameter: Parameter, from first: Int = 0
  ) throws(ModelError) {
    if sound.withLock({ $0.contains(parameter.name) }) { return }
    try Self.check(values, of: parameter, from: first)
    if values.count == parameter.elementCount { sound.withLock { _ = $0.insert(parameter.name) } }
  }

  private static func check(
    _ values: UnsafeBufferPointer<Float>, of parameter: Parameter, from first: Int
  ) throws(ModelError) {
    guard largestMagnitudeBits(values) < infinityBits else {
      let index = values.firstIndex { !$0.isFinite } ?? 0
      throw ModelError(
        .notFinite, tensor: parameter.name.description, expected: "finite values",
        found: "\(values[index]) at flat index \(first + index)")
    }
    if case .logitScale = parameter.role, let value = values.first, value > Score.largestLogScale {
      throw ModelError(
        .notFinite, tensor: parameter.name.description,
        expected: "a logarithm of at most \(Score.largestLogScale), whose exponential is finite",
        found: "\(value)")
    }
    guard case .batchNorm(.runningVariance, of: _) = parameter.role else { return }
    if let index = values.firstIndex(where: { $0 < 0 }) {
      throw ModelError(
        .negativeVariance, tensor: parameter.name.description, expected: "0 or more",
        found: "\(values[index]) at flat index \(first + index)")
    }
  }

  private static let infinityBits: UInt32 = 0x7F80_0000

  /// The bits of the largest |x|; NaNs are above infinity. One branch-free pass that vectorizes.
  private static func largestMagnitudeBits(_ values: UnsafeBufferPointer<Float>) -> UInt32 {
    var largest: UInt32 = 0
    for value in values { largest = max(largest, value.bitPattern & 0x7FFF_FFFF) }
    return largest
  }
}
