/// Integers whose logarithms are nearly normally distributed: scales of rows and columns, and gains.
enum LogNormal {
  /// The unit of scales is 1 / `one`.
  static let one: Int64 = 1 << 12

  /// The scale of a counter; its logarithm has a standard deviation of `deviation` / 256.
  ///
  /// exp(x) is (1 + x / 64)⁶⁴, by six squarings of integers: a library's exp has other bits on other machines.
  static func scale(_ stream: CounterStream, _ counter: UInt64, deviation: Int64) -> Int64 {
    // 7094 / 2¹² is √3, which a bell's standard deviation lacks to 2¹⁶.
    let exponent = (stream.bell(counter) * (deviation * 7094)) >> 12
    var power: Int64 = (1 << 24) + (exponent >> 6)
    for _ in 0..<6 { power = (power * power) >> 24 }
    return power >> 12
  }
}
