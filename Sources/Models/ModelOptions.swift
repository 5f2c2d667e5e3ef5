public import Architecture
public import Checkpoints
public import TokenizerFiles

/// The user's settings for a checkpoint. They override everything except the tensors' shapes.
public struct ModelOptions: Sendable, Equatable {
  /// A name of `ArchitectureCatalogue`, which provides heads, activation and epsilon. Its sizes must match the
  /// tensors.
  public var architectureName: String?
  public var activation = PerTower<Activation>()
  public var heads = PerTower<Int>()
  public var epsilon = PerTower<Float>()
  public var preprocessing: PreprocessingChoice?
  public var resizeBackend: Preprocessing.Backend?
  public var alpha: Preprocessing.Alpha?
  public var tokenizer: TokenizerChoice?
  /// What becomes of a text before the pieces of the tokenizer's file are searched in it.
  public var textRules: PublishedRules?
  /// The position whose hidden state represents a text.
  public var pooling: TextPooling?
  /// The only tower to use; nil for every tower that exists.
  public var tower: Tower?
  /// The path of the model that an adapter changes.
  public var base: String?
  /// LoRA's α, if no file next to the adapter states it.
  public var adapterAlpha: Float?
  /// Whether to apply an adapter that is stored next to complete weights.
  public var adapter: AdapterChoice?
  /// Selects one of several models in a file or folder.
  public var selection = Selection()

  public init() {}
}

/// A value for each tower; nil if not set.
public struct PerTower<Value: Sendable & Equatable>: Sendable, Equatable {
  public var image: Value?
  public var text: Value?

  public init(image: Value? = nil, text: Value? = nil) {
    self.image = image
    self.text = text
  }

  /// The same for both towers.
  public init(both value: Value) { self.init(image: value, text: value) }
}

/// Whether a model consists of the weights alone, or of the weights and the adapter next to them.
public enum AdapterChoice: Sendable, Equatable, CaseIterable {
  case merge, ignore
}

/// The user's choice of preprocessing.
public enum PreprocessingChoice: Sendable, Equatable {
  case openAI
  /// A `preprocessor_config.json`, an `open_clip_config.json`, or just its `preprocess_cfg`.
  case file(path: String)
  case exactly(Preprocessing)
}
