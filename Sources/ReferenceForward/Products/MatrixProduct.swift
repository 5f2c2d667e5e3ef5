/// The matrix product of the reference forward pass: OpenBLAS, which is independent of PocketCLIP's kernels, or a
/// portable product that gives the same bits on every machine.
public struct MatrixProduct: Sendable {
  public enum Choice: Sendable {
    case openBLAS, portable
  }

  private enum Implementation: Sendable {
    case openBLAS(OpenBLAS)
    case portable(PortableProduct)
  }

  private let implementation: Implementation
  /// Why the portable product runs although OpenBLAS was requested; nil otherwise.
  public let fallbackReason: String?
  /// Hears how many multiply-adds each product had, from any thread.
  public var onMultiplyAdds: (@Sendable (Int) -> Void)?

  /// OpenBLAS, or the portable product if OpenBLAS cannot run.
  public static var standard: MatrixProduct {
    do throws(OpenBLAS.Unavailable) {
      return MatrixProduct(.openBLAS(try OpenBLAS.shared))
    } catch {
      return MatrixProduct(.portable(PortableProduct()), fallbackReason: error.reason)
    }
  }

  public static var portable: MatrixProduct { MatrixProduct(.portable(PortableProduct())) }
  /// The portable product with each instruction set of this processor; all give the same bits.
  package static var portableOfEachLevel: [MatrixProduct] {
    PortableProduct.ofEachLevel.map { MatrixProduct(.portable($0)) }
  }

  /// - Throws: `Unavailable` if OpenBLAS is chosen and cannot run.
  public init(_ choice: Choice) throws(Unavailable) {
    switch choice {
    case .openBLAS: self.init(.openBLAS(try OpenBLAS.shared))
    case .portable: self = .portable
    }
  }

  private init(_ implementation: Implementation, fallbackReason: String? = nil) {
    self.implementation = implementation
    self.fallbackReason = fallbackReason
  }

  /// `OpenBLAS 0.3.21 (SkylakeX)`, or `portable`. Results of OpenBLAS depend on its version and its kernel set.
  public var name: String {
    switch implementation {
    case .openBLAS(let library): library.name
    case .portable: "portable"
    }
  }

  /// Why OpenBLAS cannot run.
  public struct Unavailable: Error, Sendable, Equatable {
    public var reason: String
  }
}

extension MatrixProduct {
  /// A matrix inside a larger array: element (row, column) is at `row * stride + column`.
  struct View {
    var base: UnsafePointer<Float>
    var stride: Int
  }

  struct MutableView {
    var base: UnsafeMutablePointer<Float>
    var stride: Int
  }

  /// Sizes of c[M, N] = a · b with K summed products per value.
  struct Size {
    var m, n, k: Int
  }

  /// The layout of b in memory.
  enum Layout {
    /// [K, N]
    case plain
    /// [N, K]: the product is a · bᵀ
    case transposed
  }

  /// c[M, N] = scale · a[M, K] · b, on the calling thread.
  func callAsFunction(
    _ a: View, _ b: View, _ layout: Layout, into c: MutableView, _ size: Size, scale: Float = 1
  ) {
    switch implementation {
    case .openBLAS(let library): library.multiply(a, b, layout, into: c, size, scale: scale)
    case .portable(let product): product.multiply(a, b, layout, into: c, size, scale: scale)
    }
    onMultiplyAdds?(size.m * size.n * size.k)
  }
}
