public import ReferenceForward

/// The matrix product of the FP32 reference, and a callback before it starts.
public struct ReferenceRequest: Sendable {
  /// Nil: OpenBLAS, or the portable product if OpenBLAS cannot run.
  public var choice: MatrixProduct.Choice?
  /// Called before the reference runs.
  public var onStart: (@Sendable (MatrixProduct) -> Void)?
  /// The values that the largest layer of an image tower may have, of all images that run together (128 MB). At least four
  /// images do.
  package var mostValues = 1 << 25

  public init(_ choice: MatrixProduct.Choice? = nil, onStart: (@Sendable (MatrixProduct) -> Void)? = nil) {
    self.choice = choice
    self.onStart = onStart
  }

  /// Loads OpenBLAS after bundle and checkpoint are mapped, so that its buffers only use the address space that is
  /// left.
  ///
  /// - Throws: `reference` if the chosen product cannot run.
  package func start() throws(VerificationError) -> MatrixProduct {
    let product: MatrixProduct
    do throws(MatrixProduct.Unavailable) {
      product = if let choice { try MatrixProduct(choice) } else { MatrixProduct.standard }
    } catch {
      throw .reference(error)
    }
    onStart?(product)
    return product
  }
}
