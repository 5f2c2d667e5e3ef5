public import ReferenceForward

/// Which matrix product the FP32 reference runs on, and who hears of it.
public struct ReferenceRequest: Sendable {
  /// Nil: OpenBLAS, or the portable product where OpenBLAS cannot run.
  public var choice: MatrixProduct.Choice?
  /// Called before the reference runs.
  public var onStart: (@Sendable (MatrixProduct) -> Void)?

  public init(_ choice: MatrixProduct.Choice? = nil, onStart: (@Sendable (MatrixProduct) -> Void)? = nil) {
    self.choice = choice
    self.onStart = onStart
  }

  /// OpenBLAS is loaded here, when bundle and checkpoint are mapped: it takes what address space is left, or none.
  ///
  /// - Throws: `reference` where the chosen product cannot run.
  func start() throws(VerificationError) -> MatrixProduct {
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
