#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

extension Double {
  /// log₁₀; within the range of FP64 for every finite value.
  var logarithm: Double { log10(Swift.max(self, 1e-300)) }

  /// The power of ten that is not above the value.
  var decade: Int { Int(Swift.min(300, Swift.max(-300, floor(logarithm)))) }

  /// Two significant digits: `3.2e-05`.
  var short: String {
    guard isFinite, self != 0 else { return self == 0 ? "0" : "not finite" }
    var exponent = abs(self).decade
    var mantissa = (abs(self) / pow(10, Double(exponent)) * 10).rounded() / 10
    if mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    let tenths = Int((mantissa * 10).rounded())
    return "\(self < 0 ? "-" : "")\(tenths / 10).\(tenths % 10)e\(exponent)"
  }

  /// Fixed decimals.
  func decimals(_ count: Int) -> String {
    guard isFinite, abs(self) < 1e9 else { return "not finite" }
    let scale = pow(10, Double(count))
    let units = Int((abs(self) * scale).rounded())
    let (whole, rest) = units.quotientAndRemainder(dividingBy: Int(scale))
    let digits = String(rest)
    let sign = self < 0 && units > 0 ? "-" : ""
    return count == 0
      ? "\(sign)\(whole)" : "\(sign)\(whole)." + String(repeating: "0", count: count - digits.count) + digits
  }
}

extension String {
  /// `visual.transformer.resblocks.3` as `visual, block 3`.
  var shortStage: String {
    replacing("transformer.resblocks.", with: "block ").replacing("visual.block", with: "visual block")
  }
}
