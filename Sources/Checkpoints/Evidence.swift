public import Archives

/// What a checkpoint states about its architecture and history beyond names and shapes. Facts only; `Models` decides
/// what follows from them.
public struct Evidence: Sendable {
  /// Class names in a TorchScript archive, demangled, sorted, unique (`QuickGELU`, `VisualTransformer`).
  public var moduleTypes: [String] = []
  /// OpenAI's three scalar buffers; nil unless all exist.
  public var scalarBuffers: ScalarBuffers?

  /// `open_clip_config.json`, or a `config.json` that holds its `model_cfg` alone.
  public var openCLIPConfig: ConfigFile?
  /// `preprocess_cfg.json`: the second part of `open_clip_config.json`, next to exported graphs.
  public var openCLIPPreprocessing: ConfigFile?
  /// `config.json`.
  public var huggingFaceConfig: ConfigFile?
  /// `preprocessor_config.json`.
  public var preprocessorConfig: ConfigFile?
  /// `processor_config.json`, to which transformers 5 moved the contents of `preprocessor_config.json`.
  public var processorConfig: ConfigFile?
  /// `adapter_config.json` of peft.
  public var adapterConfig: ConfigFile?
  /// The adapter's weights next to `adapter_config.json`, unless they are the checkpoint itself.
  public var adapterFile: SourceFile?
  /// `tokenizer_config.json`.
  public var tokenizerConfig: ConfigFile?
  /// Those of `tokenizerFileNames` that exist. Not parsed here.
  public var tokenizerFiles: [SourceFile] = []

  /// The wrapper keys above the state dict, outermost first (`state_dict`).
  public var wrapperKeys: [String] = []
  /// The prefix removed from the towers' names (`module.`); nil if there was none. If each tower has its own prefix,
  /// both, with a comma.
  public var strippedPrefix: String?
  /// `epoch` and `name` of a training checkpoint.
  public var training: TrainingFacts?

  /// `__metadata__` of a safetensors file, in file order.
  public var metadata: [(key: String, value: String)] = []
  /// The keyed values of a GGUF file.
  public var ggufMetadata: ConfigFile?
  /// `tokenizer.ggml.tokens` of a GGUF file, if it is a long list.
  package var ggufWords: PackedTexts?
  /// Where the source states a licence or an attribution of the weights.
  public var licence: Statement?
  public var attribution: Statement?

  /// Heads that the shapes of big_vision's attention kernels show; nil for other names.
  public var kernelHeads: KernelHeads?
  /// What an ONNX graph shows beyond its weights.
  public var graph: GraphFacts?

  /// The user gave a file, not its folder. Neighbouring files may belong to something else.
  public var isSingleFile = false

  public init() {}

  static let tokenizerFileNames = [
    "tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json", "spiece.model", "tokenizer.model",
    "sentencepiece.bpe.model",
  ]

  /// The archive's module types include OpenAI's QuickGELU.
  public var namesQuickGELU: Bool { moduleTypes.contains("QuickGELU") }

  /// The metadata value for `key`.
  public func metadataValue(_ key: String) -> String? { metadata.first { $0.key == key }?.value }
}

public struct ScalarBuffers: Sendable, Equatable {
  /// Pixels per side of the image tower's input.
  public var inputResolution: Int
  /// Tokens per text.
  public var contextLength: Int
  /// Rows of the token table.
  public var vocabularySize: Int

  package init(inputResolution: Int, contextLength: Int, vocabularySize: Int) {
    self.inputResolution = inputResolution
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
  }
}

/// Heads in the attention of each tower; nil for an absent tower.
public struct KernelHeads: Sendable, Equatable {
  public var image: Int?
  public var text: Int?

  public init(image: Int? = nil, text: Int? = nil) {
    self.image = image
    self.text = text
  }
}

/// A parsed configuration file, with how it was found.
public struct ConfigFile: Sendable, Equatable {
  public var path: String
  /// As printed in reports: `config.json beside the file`, `config.json in the folder`.
  public var origin: String
  public var json: JSONValue

  package init(path: String, origin: String, json: JSONValue) {
    self.path = path
    self.origin = origin
    self.json = json
  }
}

public struct TrainingFacts: Sendable, Equatable {
  public var epoch: Int?
  public var name: String?

  package init(epoch: Int? = nil, name: String? = nil) {
    self.epoch = epoch
    self.name = name
  }
}

/// A statement of the source about itself.
public struct Statement: Sendable, Equatable {
  public var text: String
  /// Where it is stated: `README.md`, `safetensors metadata`.
  public var origin: String

  package init(text: String, origin: String) {
    self.text = text
    self.origin = origin
  }
}
