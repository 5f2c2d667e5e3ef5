/// How the text tower picks the position whose hidden state represents the text.
public enum TextPooling: Sendable, Equatable {
  /// The first occurrence of the highest id. OpenAI's rule: end-of-text is the last id of the vocabulary.
  case highestID
  /// The first occurrence of this id.
  case firstID(Int)

  /// The id at which texts are pooled; nil if it is the highest id of the vocabulary.
  public var pooledID: Int? {
    switch self {
    case .highestID: nil
    case .firstID(let id): id
    }
  }
}

/// The causal text transformer.
public struct TextTower: Sendable, Equatable {
  public var contextLength: Int
  public var vocabularySize: Int
  public var stack: TransformerStack
  public var pooling: TextPooling
  /// Embedding dimension; nil if the file holds the tower without its projection.
  public var projection: Int?

  public init(
    contextLength: Int, vocabularySize: Int, stack: TransformerStack, pooling: TextPooling, projection: Int?
  ) {
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
    self.stack = stack
    self.pooling = pooling
    self.projection = projection
  }

  /// Values per text that the tower outputs: the embedding, or the pooled hidden state.
  public var outputWidth: Int { projection ?? stack.width }
  /// The id whose position is pooled: the one that `pooling` names, or the highest of the vocabulary.
  public var pooledID: Int { pooling.pooledID ?? vocabularySize - 1 }
  /// Whether a token attends only to itself and the tokens before it.
  public var isCausal: Bool { true }
  /// Whether embeddings depend on the ids after the pooled one. False for a causal tower.
  public var attendsPads: Bool { !isCausal }
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
    }
  }
}
