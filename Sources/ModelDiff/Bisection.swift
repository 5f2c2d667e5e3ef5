public import Architecture

/// Which parts of A move the embeddings of B, measured by putting them into B.
public struct Bisection: Sendable, Equatable {
  public var tower: Tower
  /// Probes that were embedded: those that differ most.
  public var probeCount: Int
  /// The worst cosine between A and B on these probes.
  public var cosine: Double
  /// Forward passes that ran, and the most that were allowed.
  public var passes, mostPasses: Int
  /// Parts that were measured alone, largest effect first.
  public var effects: [Effect]
  /// The fewest parts found with which B agrees with A, in order of effect; nil if all together were needed, or no set was
  /// found within the passes.
  public var smallestSet: [Part]?
  /// The worst cosine to A of B with that set.
  public var cosineOfSet: Double?
  /// Parts that were not measured alone because the passes were used up.
  public var unmeasured: [Part]

  /// What is taken from A.
  public struct Part: Sendable, Equatable, Hashable {
    public enum Kind: String, Sendable, CaseIterable, Encodable {
      case setting, block, tensor
    }

    public var kind: Kind
    /// The field, the beginning of the names in the block, or the canonical name.
    public var name: String
    /// Tensors that differ; 0 for a setting.
    public var tensorCount: Int
  }

  public struct Effect: Sendable, Equatable {
    public var part: Part
    /// The worst cosine between B and B with this part of A.
    public var moved: Double
    /// The worst cosine between A and B with this part of A: what the part leaves.
    public var left: Double
  }
}
