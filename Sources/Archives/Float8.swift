/// The four one-byte floating-point formats that PyTorch and safetensors support.
public enum Float8: Sendable, Equatable, Hashable, CaseIterable {
  /// Sign, four bits of exponent, three of fraction: largest value 448, no infinities.
  case e4m3fn
  /// Sign, five bits of exponent, two of fraction: the upper byte of FP16.
  case e5m2
  /// The two formats above with an exponent bias one greater and without negative zero, whose bits mean NaN.
  case e4m3fnuz
  case e5m2fnuz

  /// The spelling in a safetensors header.
  public var safetensorsName: String {
    switch self {
    case .e4m3fn: "F8_E4M3"
    case .e5m2: "F8_E5M2"
    case .e4m3fnuz: "F8_E4M3FNUZ"
    case .e5m2fnuz: "F8_E5M2FNUZ"
    }
  }

  public init?(safetensorsName name: String) {
    guard let format = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = format
  }

  /// The value as FP16, which represents every value of these types.
  public func half(_ bits: UInt8) -> UInt16 {
    let sign = UInt16(bits & 0x80) << 8
    let magnitude = UInt16(bits & 0x7F)
    switch self {
    case .e5m2: return UInt16(bits) << 8
    case .e4m3fn:
      if magnitude == 0x7F { return sign | Self.notANumber }
      return sign | Self.half(threeBitFraction: magnitude, bias: 7)
    case .e4m3fnuz:
      if bits == 0x80 { return Self.notANumber }
      return sign | Self.half(threeBitFraction: magnitude, bias: 8)
    case .e5m2fnuz:
      if bits == 0x80 { return Self.notANumber }
      // The bias is one greater than FP16's: the exponents 0 and 1 are FP16's subnormal numbers.
      let (exponent, fraction) = (magnitude >> 2, magnitude & 3)
      if exponent == 0 { return sign | fraction << 7 }
      return sign | (exponent == 1 ? (4 + fraction) << 7 : (exponent - 1) << 10 | fraction << 8)
    }
  }

  private static let notANumber: UInt16 = 0x7E00
  private static let halfBias: UInt16 = 15

  private static func half(threeBitFraction magnitude: UInt16, bias: UInt16) -> UInt16 {
    let (exponent, fraction) = (magnitude >> 3, magnitude & 7)
    if exponent > 0 { return (exponent + halfBias - bias) << 10 | fraction << 7 }
    guard fraction > 0 else { return 0 }
    // A subnormal number: its highest bit becomes FP16's implicit bit.
    let top = UInt16(15 - fraction.leadingZeroBitCount)
    return (top + halfBias - bias - 2) << 10 | (fraction << (10 - top)) & 0x3FF
  }
}
