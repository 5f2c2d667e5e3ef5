public import Architecture
public import Checkpoints

/// What the user says about a checkpoint; it wins over everything else but the tensors' shapes.
public struct ModelOptions: Sendable, Equatable {
  /// A name of `ArchitectureCatalogue`: gives heads, activation and epsilon, and its sizes must be the tensors'.
  public var architectureName: String?
  public var activation = PerTower<Activation>()
  public var heads = PerTower<Int>()
  public var epsilon = PerTower<Float>()
  public var preprocessing: PreprocessingChoice?
  public var resizeBackend: Preprocessing.Backend?
  public var alpha: Preprocessing.Alpha?
  public var tokenizer: TokenizerKind?
  /// Which position's state stands for a text.
  public var pooling: TextPooling?
  /// Take this tower alone; nil takes whatever is there.
  public var tower: Tower?
  /// The path of the model that an adapter changes.
  public var base: String?
  /// LoRA's α, where nothing beside the adapter states it.
  public var adapterAlpha: Float?
  /// What becomes of an adapter that lies beside complete weights.
  public var adapter: AdapterChoice?
  /// Which of several models in a file or folder to read.
  public var selection = Selection()

  public init() {}
}

/// A value for each tower; nil where nothing is said.
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

/// Whether a model is the weights alone, or with the adapter that lies beside them.
public enum AdapterChoice: Sendable, Equatable, CaseIterable {
  case merge, ignore
}

/// How the user says that images are prepared.
public enum PreprocessingChoice: Sendable, Equatable {
  case openAI
  /// A `preprocessor_config.json`, an `open_clip_config.json`, or just its `preprocess_cfg`.
  case file(path: String)
  case exactly(Preprocessing)
}
