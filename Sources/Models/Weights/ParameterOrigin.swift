/// The tensors of a source that hold a parameter: several if it is fused, such as queries, keys and values.
public struct ParameterOrigin: Sendable, Equatable {
  /// Names in the file, without a prefix that all tensors of the model have. Empty if no tensor holds the values as they
  /// are.
  public var names: [String]
  /// Element types as the file spells them: `F16`, `Q8_0`.
  public var types: [String]

  package init(names: [String], types: [String]) {
    self.names = names
    self.types = types
  }
}
