/// What the difference between two models' vectors changes for a user: the labels of images, and the images of a search.
public struct Decisions: Sendable, Equatable, Codable {
  /// Images that get the same label.
  public var agreement: Agreement
  /// Kullback-Leibler divergence of the labels' probabilities from the truth's, in nats, over images. With a sigmoid, the mean
  /// over labels.
  public var divergence: Estimate
  public var worstDivergence: Double
  /// The scale of the probabilities, if the model stores none.
  public var assumedLogitScale: Double?
  /// Spearman's correlation of the two orders of labels, over images; nil for a single label.
  public var rankCorrelation: Estimate?
  /// Nil for too few images.
  public var retrieval: Retrieval?

  /// For each text as a query: which of the `k` most similar images both models find.
  public struct Retrieval: Sendable, Equatable, Codable {
    public var k: Int
    /// Shared images of each query, divided by `k`.
    public var overlap: Estimate
  }
}
