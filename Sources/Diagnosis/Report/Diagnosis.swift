/// Why given vectors differ from the right ones.
public struct Diagnosis: Sendable {
  public enum Verdict: String, Sendable, CaseIterable, Encodable {
    /// The vectors are the model's.
    case right
    /// Known causes explain the difference.
    case explained
    /// A known cause explains a part of the difference.
    case partly
    /// No known cause explains it.
    case unexplained
    /// Too few rows to distinguish causes.
    case insufficient
  }

  public var verdict: Verdict
  /// What explains the difference, together; likely causes if it is not explained.
  public var causes: [Cause] = []
  /// Other causes that explain the difference equally well on these inputs.
  public var alternatives: [[Cause]] = []
  /// The lengths of the vectors, if their directions are known.
  public var form: VectorForm?
  /// Closeness before anything was changed; nil if the widths differ.
  public var before: Closeness?
  /// What was tried, best first.
  public var explanations: [Explanation] = []
  /// Rows that were compared, of all.
  public var comparedCount = 0
  /// Compared rows that are right without any change.
  public var rightCount = 0
  /// Compared rows that differ most, by their position.
  public var worstRows: [Int] = []
  /// Rows with a particular fault: not finite, zeros, in another position.
  public var affectedRows: [Int] = []
  /// For each input the row that belongs to it, if rows are in another order.
  public var rowOrder: [Int]?
  /// The correlation of similarities among rows, for vectors that nothing explains.
  public var similarityCorrelation: Double?
  /// The reference's matrix product.
  public var product = ""

  /// A tried explanation.
  public struct Explanation: Sendable {
    public var causes: [Cause]
    public var before: Closeness
    public var after: Closeness
  }
}
