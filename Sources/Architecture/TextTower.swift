/// How the text tower picks the position whose hidden state represents the text.
public enum TextPooling: Sendable, Equatable {
  /// The first occurrence of the highest id. OpenAI's rule: end-of-text is the last id of the vocabulary.
  case highestID
  /// The first occurrence of this id.
  case firstID(Int)
  /// The last position of the context, whatever its id (SigLIP).
  case last

  /// The id that `firstID` names.
  public var namedID: Int? {
    switch self {
    case .highestID, .last: nil
    case .firstID(let id): id
    }
  }
}

/// The text transformer.
public struct TextTower: Sendable, Equatable {
  public var contextLength: Int
  public var vocabularySize: Int
  public var stack: TransformerStack
  /// Whether a token attends only to itself and the tokens before it.
  public var isCausal: Bool
  public var pooling: TextPooling
  /// Embedding dimension; nil if the file holds the tower without its projection.
  public var projection: Int?
  /// Whether the projection adds a bias: a linear layer (SigLIP's `head`) instead of OpenAI's matrix.
  public var hasProjectionBias: Bool

  public init(
    contextLength: Int, vocabularySize: Int, stack: TransformerStack, isCausal: Bool = true,
    pooling: TextPooling,
    projection: Int?, hasProjectionBias: Bool = false
  ) {
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
    self.stack = stack
    self.isCausal = isCausal
    self.pooling = pooling
    self.projection = projection
    self.hasProjectionBias = hasProjectionBias
  }

  /// Values per text that the tower outputs: the embedding, or the pooled hidden state.
  public var outputWidth: Int { projection ?? stack.width }
  /// The id whose position is pooled: the one that `pooling` names, or the highest of the vocabulary; nil if no id
  /// decides.
  public var pooledID: Int? {
    switch pooling {
    case .highestID: vocabularySize - 1
    case .firstID(let id): id
    case .last: nil
    }
  }

  /// Whether embeddings depend on the ids after the text's last one, so that the id and the number of pads matter.
  public var attendsPads: Bool { !isCausal || pooling == .last }
}

extension SchemaBuilder {
  mutating func add(_ tower: TextTower) {
    self.tower = .text
    let width = tower.stack.width
    add("token_embedding.weight", [tower.vocabularySize, width], .tokenTable)
    add("positional_embedding", [tower.contextLength, width], .positions)
    addBlocks(of: tower.stack, below: "transformer.resblocks.")
    let norm = addLayerNorm(ParameterName("ln_final"), width)
    if let projection = tower.projection {
      add("text_projection", [width, projection], .projection(after: norm))
      if tower.hasProjectionBias { add("text_projection.bias", [projection], .vector) }
    }
  }
}
