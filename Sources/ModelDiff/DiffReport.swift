public import Architecture
public import Verification

/// How two models differ.
public struct DiffReport: Sendable {
  public var verdict = Verdict.same
  /// Sizes and settings that differ, in a fixed order.
  public var settings: [SettingDifference] = []
  public var weights = WeightDifferences()
  /// Empty if the weights and settings are equal, or if the caller did not request embeddings.
  public var embeddings: [EmbeddingDifference] = []
  /// Towers whose embeddings were not compared, and why.
  public var skipped: [SkippedTower] = []
  public var bisections: [Bisection] = []
  /// The matrix product that computed the embeddings; nil if none were computed.
  public var product: String?

  /// The weights, apart from settings.
  public enum Verdict: String, Sendable, CaseIterable, Encodable {
    /// Every value and every setting is equal.
    case same
    /// Equal after rounding the more precise values to the narrower stored type.
    case rounded
    /// A bundle and its source, or two bundles of one source: the tower ids are equal, and no value differs by more than
    /// rounding explains.
    case quantized
    case different
  }

  public struct SkippedTower: Sendable, Equatable {
    public var tower: Tower
    public var reason: String
  }
}

/// How the canonical tensors of two models differ.
public struct WeightDifferences: Sendable {
  /// Canonical names.
  public var onlyInA: [String] = []
  public var onlyInB: [String] = []
  public var shapes: [ShapeDifference] = []
  /// Element types that differ, most tensors first.
  public var types: [TypeChange] = []
  /// Tensors in both models with equal shapes.
  public var comparedCount = 0
  /// Tensors whose values are equal in every bit (zeros may differ in sign).
  public var equalCount = 0
  /// Other tensors, largest relative error first.
  public var differences: [TensorDifference] = []
  /// BatchNorms of which one side is folded: compared as scale and bias.
  public var foldedCount = 0
  /// By tower: whether the ids that bundles state agree; empty if neither model is a bundle.
  public var idsAgree: [Tower: Bool] = [:]

  public func count(_ relation: TensorDifference.Relation) -> Int {
    differences.count { $0.relation == relation }
  }

  /// Whether the tensors have the same names and shapes.
  public var haveSameNames: Bool { onlyInA.isEmpty && onlyInB.isEmpty && shapes.isEmpty }
}

public struct ShapeDifference: Sendable, Equatable {
  public var name: String
  public var nameInA, nameInB: String?
  public var a, b: [Int]
}

public struct TypeChange: Sendable, Equatable {
  /// `F16`, or several for a fused tensor.
  public var a, b: String
  public var tensorCount: Int
}

/// A tensor whose values are not all equal.
public struct TensorDifference: Sendable, Equatable {
  public enum Relation: String, Sendable, CaseIterable, Encodable {
    /// Equal after rounding to the narrower stored type.
    case rounded
    /// Within what the rounding of a bundle explains.
    case explained
    case different
  }

  /// The canonical name. Of a folded BatchNorm, `….weight` is the scale.
  public var name: String
  /// The name in the file if it differs; parts of a fused tensor are joined by ` + `.
  public var nameInA, nameInB: String?
  public var shape: [Int]
  public var typeA, typeB: String
  public var relation: Relation
  /// ‖B − A‖ / ‖A‖; nil if all values of A are zero.
  public var relativeRMS: Double?
  public var maximumAbsolute: Double
  /// Values that differ.
  public var changedCount: Int

  /// Sorts tensors without a relative error first.
  var rank: Double { relativeRMS ?? .infinity }
}

/// The embeddings of one tower, on both models.
public struct EmbeddingDifference: Sendable, Equatable {
  public var tower: Tower
  public var metrics: Metrics
}
