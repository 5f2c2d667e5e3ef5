/// What rounding one int8 matrix costs the embeddings, everything else being FP32.
///
/// Costs of different matrices add up: their errors are small and nearly independent.
public struct Sensitivity: Sendable, Equatable {
  /// Mean 1 − cos if only its weights are rounded, as the bundle stores them.
  public var weights: Double
  /// Mean 1 − cos if only its inputs are rounded to 8 bits, as `fast` rounds them. Zero for the token table.
  public var activations: Double
  /// Of one item, as the runtime computes it; zero for the token table.
  public var multiplyAdds: Int

  public init(weights: Double, activations: Double, multiplyAdds: Int) {
    self.weights = weights
    self.activations = activations
    self.multiplyAdds = multiplyAdds
  }
}
