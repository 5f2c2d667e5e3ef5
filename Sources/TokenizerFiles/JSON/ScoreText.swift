/// The value that tokenizers gives the text of a score. serde_json, with which it reads, divides the digits by a power
/// of ten: with 17 digits and more, the last bit can differ from the nearest number, and with it the choice among equal
/// sums of scores.
enum ScoreText {
  /// - Parameter text: a number of JSON's grammar.
  /// - Returns: nil for a number beyond the range of a double.
  static func value(_ text: [UInt8]) -> Double? {
    var digits: UInt64 = 0
    var exponent = 0
    var isFraction = false
    var isFull = false
    var index = text.first == UInt8(ascii: "-") ? 1 : 0
    scan: while index < text.count {
      switch text[index] {
      case UInt8(ascii: "."): isFraction = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let (product, overflows) = digits.multipliedReportingOverflow(by: 10)
        let (sum, carries) = product.addingReportingOverflow(UInt64(text[index] - UInt8(ascii: "0")))
        // Once a digit does not fit, the further ones are dropped.
        isFull = isFull || overflows || carries
        if !isFull { digits = sum }
        if isFraction != isFull { exponent += isFull ? 1 : -1 }
      default: break scan
      }
      index += 1
    }
    if index < text.count {
      guard let written = Int(String(decoding: text[(index + 1)...], as: UTF8.self)), abs(written) < 100_000
      else {
        return nil
      }
      exponent += written
    }
    return scaled(Double(digits), exponent).map { text.first == UInt8(ascii: "-") ? -$0 : $0 }
  }

  private static func scaled(_ digits: Double, _ exponent: Int) -> Double? {
    var (value, exponent) = (digits, exponent)
    while exponent < -308, value != 0 {
      value /= 1e308
      exponent += 308
    }
    guard value != 0 else { return 0 }
    guard let power = Double("1e\(abs(exponent))"), power.isFinite else { return nil }
    let result = exponent >= 0 ? value * power : value / power
    return result.isFinite ? result : nil
  }
}
