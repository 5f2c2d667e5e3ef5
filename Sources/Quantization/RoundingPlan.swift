public import Architecture

/// How the writer rounds each int8 matrix, where that is not to nearest.
public struct RoundingPlan: Sendable, Equatable {
  /// The rounded values of a matrix as the bundle stores it, after equalization.
  public struct Matrix: Sendable, Equatable {
    /// `[N, K]`, in the order of inputs that bundles store.
    public var values: [Int8]
    /// One per output.
    public var scales: [Float]

    public init(values: [Int8], scales: [Float]) {
      self.values = values
      self.scales = scales
    }
  }

  /// Matrices that are not rounded to nearest.
  public var matrices: [ParameterName: Matrix] = [:]
  /// By name of the bias: what the stored bias adds, E[(W − Ŵ)·x] of each output. A BatchNorm's scale multiplies it.
  public var corrections: [ParameterName: [Double]] = [:]

  public init() {}

  /// Everything to nearest.
  public static let nearest = RoundingPlan()
}
