internal import CKernels

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// How the values of B differ from those of A.
struct ValueDifference {
  /// Values that differ. +0 and −0 are equal.
  var changedCount = 0
  private var noise = 0.0
  private var signal = 0.0
  private(set) var maximumAbsolute = 0.0

  /// - Precondition: equal counts.
  init(_ a: Span<Float>, _ b: Span<Float>) {
    precondition(a.count == b.count, "\(a.count) values against \(b.count)")
    guard !Self.haveSameBits(a, b) else { return }
    for index in a.indices {
      let (one, other) = (Double(a[index]), Double(b[index]))
      let difference = other - one
      noise += difference * difference
      signal += one * one
      maximumAbsolute = max(maximumAbsolute, abs(difference))
      if difference != 0 { changedCount += 1 }
    }
  }

  /// ‖B − A‖ / ‖A‖; nil if A is zero.
  var relativeRMS: Double? { signal > 0 ? (noise / signal).squareRoot() : nil }

  private static func haveSameBits(_ a: Span<Float>, _ b: Span<Float>) -> Bool {
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        guard let one = a.baseAddress, let other = b.baseAddress else { return true }
        return memcmp(one, other, a.count) == 0
      }
    }
  }
}

/// A stored type that keeps fewer bits than FP32.
enum NarrowType {
  case f16, bf16

  /// The narrower of two element types as formats spell them, if rounding to it can explain a difference.
  init?(_ a: String, _ b: String) {
    guard let one = Self.significantBits[a], let other = Self.significantBits[b], one != other else {
      return nil
    }
    switch min(one, other) {
    case 11: self = .f16
    case 8: self = .bf16
    default: return nil
    }
  }

  /// Bits of the significand. Values are compared as FP32, so that FP64 has no more.
  private static let significantBits = ["F64": 24, "F32": 24, "F16": 11, "BF16": 8]

  var name: String {
    switch self {
    case .f16: "F16"
    case .bf16: "BF16"
    }
  }

  func rounded(_ value: Float) -> Float {
    switch self {
    case .f16: pk_f16_to_f32(pk_f32_to_f16(value))
    case .bf16: pk_bf16_to_f32(pk_f32_to_bf16(value))
    }
  }

  /// Whether both sides round to the same values.
  func makesEqual(_ a: Span<Float>, _ b: Span<Float>) -> Bool {
    for index in a.indices where a[index] != b[index] && rounded(a[index]) != rounded(b[index]) {
      return false
    }
    return true
  }
}
