import CPortableProduct
import Foundation
import ReferenceForward
import TestSupport
import Testing

/// Shapes around the edges of tiles, panels and chunks of rows: M, N, K.
private let shapes = [
  (1, 1, 1), (2, 5, 3), (6, 16, 8), (7, 17, 9), (13, 33, 1), (193, 35, 70), (386, 4, 2), (5, 3, 0),
]

@Suite("Products of the reference") struct ProductTests {
  /// Values of very different magnitude, so that the bits depend on the order of a sum.
  private static func values(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let magnitude = Float(sign: .plus, exponent: Int(state >> 33) % 24 - 12, significand: 1)
      return magnitude * (Float(state >> 40) / Float(1 << 23) - 1)
    }
  }

  /// One FP64 sum per value, in ascending order of the inner index, rounded once.
  private static func plain(
    _ a: [Float], _ b: (_ p: Int, _ j: Int) -> Float, m: Int, n: Int, k: Int, scale: Float = 1
  ) -> [Float] {
    (0..<m * n).map { index in
      let (i, j) = index.quotientAndRemainder(dividingBy: n)
      var sum = 0.0
      for p in 0..<k { sum += Double(a[i * k + p]) * Double(b(p, j)) }
      return Float(Double(scale) * sum)
    }
  }

  @Test("Every instruction set gives the same bits as plain FP64 loops, in both layouts", arguments: shapes)
  func sameBits(_ m: Int, _ n: Int, _ k: Int) {
    let a = Self.values(m * k, seed: 1)
    let b = Self.values(n * k, seed: 2)
    let scale: Float = 0.125 / 3
    for isTransposed in [false, true] {
      let (rowStride, columnStride) = isTransposed ? (1, k) : (n, 1)
      let expected = Self.plain(a, { b[$0 * rowStride + $1 * columnStride] }, m: m, n: n, k: k, scale: scale)
      for level in (0...pp_fastest_level().rawValue).map(pp_level.init(rawValue:)) {
        var c = [Float](repeating: .nan, count: m * n)
        var workspace = [Double](repeating: .nan, count: pp_workspace(k) + 1)
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            guard let left = a.baseAddress, let right = b.baseAddress else { return }
            pp_multiply(
              level, m, n, k, scale, pp_matrix(values: left, row_stride: k, column_stride: 1),
              pp_matrix(values: right, row_stride: rowStride, column_stride: columnStride), &c, n, &workspace)
          }
        }
        #expect(c.map(\.bitPattern) == expected.map(\.bitPattern), "\(level), transposed: \(isTransposed)")
      }
    }
  }

  @Test("A linear layer on the portable product has the same bits for any split of its rows")
  func splits() {
    let (rows, n, k) = (100, 24, 40)
    let x = Tensor([rows, k], Self.values(rows * k, seed: 3))
    let weight = Tensor([n, k], Self.values(n * k, seed: 4))
    let together = x.linear(weight, by: .portable)
    #expect(together.values == Self.plain(x.values, { weight.values[$1 * k + $0] }, m: rows, n: n, k: k))
    for row in 0..<rows {
      let alone = Tensor([1, k], Array(x.row(row))).linear(weight, by: .portable)
      #expect(alone.values == Array(together.row(row)))
    }
  }

  @Test(
    "The product under test is within FP32 rounding of the FP64 sums", arguments: shapes.filter { $0.2 > 0 })
  func rounding(_ m: Int, _ n: Int, _ k: Int) throws {
    let a = Tensor([m, k], Self.values(m * k, seed: 5))
    let b = Tensor([k, n], Self.values(n * k, seed: 6))
    let measured = try a.projected(on: b, by: .underTest)
    let expected = Self.plain(a.values, { b.values[$0 * n + $1] }, m: m, n: n, k: k)
    let scales = Self.plain(a.values.map(abs), { abs(b.values[$0 * n + $1]) }, m: m, n: n, k: k)
    for index in expected.indices {
      // A sum of k rounded products in any order has an error of at most k · 2⁻²⁴ of the sum of their magnitudes.
      #expect(abs(measured.values[index] - expected[index]) <= Float(k + 1) * 0x1p-24 * scales[index])
    }
  }

  @Test("OpenBLAS names its version and its kernel set, and is loaded with one thread")
  func names() throws {
    let product = try MatrixProduct(.openBLAS)
    #expect(product.name.wholeMatch(of: /OpenBLAS \d+\.\d+\.\d+\S* \(\w+\)/) != nil, "\(product.name)")
    #expect(product.fallbackReason == nil && MatrixProduct.portable.name == "portable")
  }

  @Test(
    "OpenBLAS multiplies with kernels for this processor's instructions, also on processors that it does not know",
    .enabled(
      if: pp_fastest_level() != PP_BASELINE && ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil
    ))
  func fittingKernels() throws {
    let name = try MatrixProduct(.openBLAS).name
    #expect(!name.contains("(Prescott)"), "\(name)")
    #expect(
      ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil,
      "the choice must not reach programs that this one starts")
  }
}
