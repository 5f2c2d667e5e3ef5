internal import ReferenceForward

// Which hidden state becomes the vector, and its projection.
extension Mistake {
  static let imagePooling: [Mistake] =
    projection("visual.proj")
    + [
      hidden(
        "pooling-hidden-raw", "takes the class token before ln_post, without projection", .first, norm: false),
      hidden(
        "pooling-hidden-mean", "takes the mean of all hidden states, without projection", .mean, norm: false),
      hidden(
        "pooling-hidden-mean-patches", "takes the mean of the patches' hidden states, without projection",
        .meanOfPatches, norm: false),
      hidden(
        "pooling-hidden-mean-norm", "takes the mean of all hidden states after ln_post, without projection",
        .mean),
      pooled("pooling-mean", "takes the mean of all tokens instead of the class token", .mean),
      pooled(
        "pooling-mean-patches", "takes the mean of the patches instead of the class token", .meanOfPatches),
      pooled("pooling-last", "takes the last patch instead of the class token", .last),
      Mistake(
        "pooling-map-mean", .pooling, "takes the mean of the last feature map instead of the attention pool",
        if: \.isResNet
      ) {
        $0.model.departures.omitsProjection = true
        $0.model.departures.pooling = .mean
      },
    ]

  static let textPooling: [Mistake] =
    projection("text_projection")
    + [
      hidden(
        "pooling-hidden-raw", "takes the end token's hidden state before ln_final, without projection",
        .ofTower,
        norm: false),
      hidden("pooling-hidden-last", "takes the hidden state of the last position, without projection", .last),
      hidden(
        "pooling-hidden-first", "takes the hidden state of the first position, without projection", .first),
      hidden("pooling-hidden-mean", "takes the mean of all hidden states, without projection", .mean),
      hidden(
        "pooling-hidden-mean-text", "takes the mean of the text's hidden states, without projection",
        .meanOfText),
      pooled("pooling-last", "takes the last position (the padding) instead of the end token", .last),
      Mistake(
        "pooling-last-padded", .pooling,
        "takes the last position instead of the first end token, and pads with the end token"
      ) {
        $0.model.departures.pooling = .last
        $0.text?.padding = .endOfText
      },
      pooled(
        "pooling-first",
        "takes the first position: the ids have no end token, or eos_token_id is one that they do not have (2)",
        .first),
      pooled("pooling-before-end", "takes the position before the end token", .beforePooled),
      pooled("pooling-mean", "takes the mean of all positions instead of the end token", .mean),
      pooled(
        "pooling-mean-text", "takes the mean of the text's positions instead of the end token", .meanOfText),
      Mistake(
        "pooling-hidden-last-padded", .pooling,
        "takes the hidden state of the last position, padded with the end token, without projection"
      ) {
        $0.model.departures.pooling = .last
        $0.model.departures.omitsProjection = true
        $0.text?.padding = .endOfText
      },
    ]

  private static func projection(_ name: String) -> [Mistake] {
    [
      Mistake(
        "pooling-no-projection", .pooling, "leaves out the projection: the vector is the pooled hidden state",
        if: \.projectsToken
      ) { $0.model.departures.omitsProjection = true },
      Mistake(
        "pooling-projection-transposed", .pooling, "multiplies with the transposed projection",
        if: \.hasSquareProjection
      ) { $0.model.weights.append(.transposed { $0 == name }) },
    ]
  }

  /// A hidden state instead of the embedding.
  private static func hidden(
    _ id: String, _ words: String, _ pooling: Departures.Pooling, norm: Bool = true
  ) -> Mistake {
    Mistake(id, .pooling, words, if: \.projectsToken) {
      $0.model.departures.omitsProjection = true
      $0.model.departures.omitsPostNorm = !norm
      $0.model.departures.pooling = pooling
    }
  }

  /// The embedding of another position.
  private static func pooled(_ id: String, _ words: String, _ pooling: Departures.Pooling) -> Mistake {
    Mistake(id, .pooling, words, if: \.hasBlocks) { $0.model.departures.pooling = pooling }
  }
}
