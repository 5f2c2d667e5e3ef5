import Foundation
import TestSupport

/// The inputs of make_runtime_fixtures.py.
enum GeneratedInputs {
  /// splitmix64 of the index, its top 24 bits as a fraction, mapped to −2 ≤ x < 2.
  static func pixels(count: Int) -> [Float] {
    (0..<count).map { Float(splitmix64(UInt64($0)) >> 40) * 0x1p-22 - 2 }
  }

  /// One text of each length from 2 to the context: start, 7 · position + length, …, end, zeros.
  static func texts(context: Int, vocabulary: Int) -> [[Int32]] {
    (2...context).map { length in
      let middle = (1..<max(length - 1, 1)).map { Int32((7 * $0 + length) % (vocabulary - 2)) }
      let ids = [Int32(vocabulary - 2)] + middle + [Int32(vocabulary - 1)]
      return ids + [Int32](repeating: 0, count: context - length)
    }
  }

  /// The unit vectors that OpenAI's code computes in float64.
  static func golden(_ name: String, width: Int) throws -> [[Double]] {
    let data = try Fixture.data("runtime/\(name).f64")
    let values = data.withUnsafeBytes { bytes in
      (0..<data.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  private static func splitmix64(_ counter: UInt64) -> UInt64 {
    var z = counter &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
