extension ModelError.Code {
  /// What is wrong, in a few words.
  public var summary: String { text.summary }

  /// What to do, one sentence.
  public var hint: String { text.hint }

  private var text: (summary: String, hint: String) {
    switch self {
    case .unreadable: ("the checkpoint cannot be read", "`pocketclip inspect` shows what the file is")
    case .notCLIP:
      (
        "no CLIP tower found in the tensor names",
        "give the checkpoint of a CLIP image or text tower; `pocketclip inspect` lists the tensors"
      )
    case .unsupportedArchitecture:
      (
        "recognised, but this architecture is not supported yet",
        "use one of OpenAI's ResNets and ViTs or open_clip's native ViTs: `pocketclip architectures` lists them"
      )
    case .unsupportedOption:
      (
        "an option or a config requests what is not supported",
        "give another option; where a config is wrong, move it to another folder and give options instead"
      )
    case .missingTensors:
      (
        "tensors are missing",
        "download or save the checkpoint again, or take the complete tower alone with --tower image or --tower text"
      )
    case .unexpectedTensors:
      (
        "tensors that belong to no part of this architecture",
        "take one complete tower with --tower image or --tower text, or save only the CLIP model's own state dict"
      )
    case .wrongShape:
      ("a tensor has the wrong shape", "the file mixes two models or was damaged: download or save it again")
    case .impossibleShape:
      (
        "a tensor's shape fits no architecture",
        "the file is damaged or not a CLIP: download or save it again"
      )
    case .badReparametrization:
      (
        "the two tensors that make up a weight do not fit each other",
        "save the model again after merging them: merge_and_unload() of peft, or the weights of a plain model"
      )
    case .repeatedTensor:
      ("two tensors of the file stand for the same weight", "remove one of them")
    case .unsupportedDType:
      ("weights of an unsupported element type", "save the weights as float32, float16 or bfloat16")
    case .notFinite:
      (
        "a weight is NaN or infinite",
        "use the original weights: a cast to FP16 overflows, and a diverged training leaves NaN"
      )
    case .negativeVariance:
      ("a running variance is negative", "the file is damaged: download or save it again")
    case .undecidedActivation:
      (
        "the activation is not recorded in the file or in a config",
        "give --activation quickgelu (OpenAI, DFN, MetaCLIP) or --activation gelu (LAION, DataComp); a wrong one lowers "
          + "accuracy without any error"
      )
    case .undecidedHeads:
      (
        "the number of attention heads is not recorded in the file or in a config",
        "give --heads IMAGE,TEXT or --architecture NAME; a wrong number gives wrong vectors without any error"
      )
    case .undecidedScale:
      (
        "the scale of the low-rank updates (LoRA) is not recorded in the file or in a config",
        "give --lora-alpha with the lora_alpha of the training, or put adapter_config.json beside the file; a wrong one "
          + "gives wrong vectors without any error"
      )
    case .undecidedPooling:
      (
        "the pooled position of a text is not recorded in the file or in a config",
        "give --pooling highest (OpenAI, open_clip) or --pooling first:ID (transformers' eos_token_id); a wrong one gives "
          + "wrong text vectors without any error"
      )
    case .undecidedTextRules:
      (
        "what becomes of a text before the tokenizer is not recorded in a config",
        "give --text-rules siglip, siglip2, pipeline, open_clip or big_vision, after the code that the model is used with, or "
          + "--tokenizer none; wrong rules give other ids without any error"
      )
    case .badTokenizer:
      (
        "the tokenizer's file cannot be used with this model",
        "give the file of this model's tokenizer: --tokenizer FILE, or --tokenizer none for a model that takes token ids"
      )
    case .unsupportedTokenizer:
      (
        "the tokenizer has a step that is not supported",
        "give --tokenizer none: the model then takes token ids"
      )
    case .undecidedPreprocessing:
      (
        "the preprocessing of images is not recorded in the file or in a config",
        "give --preprocess openai (also LAION, DataComp, MetaCLIP) or --preprocess CONFIG.json; a wrong one gives wrong "
          + "image vectors without any error"
      )
    case .headsDoNotDivide:
      ("the width is not a multiple of the heads", "give another number to --heads, or leave it out")
    case .unknownArchitectureName:
      ("unknown architecture name", "`pocketclip architectures` lists the names")
    case .architectureContradictsTensors:
      (
        "the tensors do not have the sizes of the named architecture",
        "leave out --architecture: sizes come from the tensors"
      )
    case .configurationContradictsTensors:
      (
        "a configuration states a size that the tensors do not have",
        "give the configuration that belongs to these weights, or name the architecture with --architecture"
      )
    case .badConfiguration:
      (
        "a config differs from the form that its library writes",
        "correct the file, or move it away and give options instead"
      )
    case .cannotJoin:
      (
        "these files are not the two towers of one CLIP",
        "give one checkpoint, or one file with the image tower and one with the text tower, each with its projection"
      )
    case .towerAbsent:
      ("the checkpoint has no such tower", "choose the other one with --tower")
    case .adapterWithoutBase:
      (
        "a LoRA adapter, which changes a model that is not in the file",
        "give the model that it was trained on: --base MODEL"
      )
    case .undecidedAdapter:
      (
        "an adapter (LoRA) is next to complete weights, and no file records whether it is already merged",
        "give --adapter merge (as transformers does with adapter_config.json beside the weights) or --adapter ignore"
      )
    case .adapterDoesNotFit:
      (
        "the adapter has a tensor that matches no weight of the model given as --base",
        "give the model that it was trained on, as transformers names its tensors"
      )
    }
  }
}
