#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A figure as text, beside the bound that it must keep. The text is rounded towards the worse side, and has as many
/// digits as it takes to stand on the same side of the bound as the figure: one that misses its bound never looks as if it
/// kept it, nor the other way round.
public enum BoundedFigure {
  /// A cosine or a fraction, where more is better: rounded down.
  ///
  /// - Parameters:
  ///   - digits: decimals where no bound asks for more.
  ///   - least: the bound, where there is one.
  public static func text(_ value: Double, digits: Int, atLeast least: Double? = nil) -> String {
    let choices = (digits...max(digits, exactDigits)).lazy.map { roundedDown(value, $0) }
    return choices.first { text in
      guard let least, let shown = Double(text) else { return true }
      return (shown >= least) == (value >= least)
    } ?? "\(value)"
  }

  /// A difference, where less is better: two significant digits or more, rounded up.
  ///
  /// - Parameter most: the bound, where there is one.
  public static func text(_ value: Double, atMost most: Double?) -> String {
    guard value > 1e-290, value.isFinite else { return "\(value)" }
    let choices = (1...exactDigits).lazy.map { roundedUp(value, $0) }
    return choices.first { text in
      guard let most, let shown = Double(text) else { return true }
      return (shown <= most) == (value <= most)
    } ?? "\(value)"
  }

  /// Decimals up to which products with a power of ten stay exact enough to be corrected.
  private static let exactDigits = 15

  /// The largest number of so many decimals that is not above the value.
  private static func roundedDown(_ value: Double, _ digits: Int) -> String {
    let scale = pow(10, Double(digits))
    var units = (value * scale).rounded(.down)
    guard abs(units) < 1e15 else { return "\(value)" }
    // The product is rounded itself.
    if units / scale > value { units -= 1 } else if (units + 1) / scale <= value { units += 1 }
    return decimal(Int(units), digits)
  }

  private static func decimal(_ units: Int, _ digits: Int) -> String {
    var text = String(abs(units))
    while text.count <= digits { text = "0" + text }
    if digits > 0 { text.insert(".", at: text.index(text.endIndex, offsetBy: -digits)) }
    return units < 0 ? "-" + text : text
  }

  /// The smallest number of so many decimals of its mantissa that is not below the value: `3.3e-08`.
  private static func roundedUp(_ value: Double, _ digits: Int) -> String {
    var exponent = Int(floor(log10(value)))
    let scale = pow(10, Double(digits))
    var units = Int((value / pow(10, Double(exponent)) * scale).rounded(.down))
    while Double(text(units, digits, exponent)) ?? value < value { units += 1 }
    if units >= Int(scale) * 10 {
      units = Int(scale)
      exponent += 1
    }
    return text(units, digits, exponent)
  }

  private static func text(_ units: Int, _ digits: Int, _ exponent: Int) -> String {
    let power = (abs(exponent) < 10 ? "0" : "") + "\(abs(exponent))"
    return "\(decimal(units, digits))e\(exponent < 0 ? "-" : "+")\(power)"
  }
}
