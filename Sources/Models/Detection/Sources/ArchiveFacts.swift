internal import Architecture
internal import Checkpoints

extension StatedFacts {
  /// OpenAI's family: heads of 64 channels, QuickGELU, PyTorch's epsilon, OpenAI's pixels and tokenizer.
  static func openAIFamily(
    _ sizes: CLIPArchitecture, source: Decision.Source, detail: String
  ) -> StatedFacts {
    var facts = StatedFacts()
    facts.image = openAITower(width: sizes.image?.width, source, detail)
    facts.text = openAITower(width: sizes.text?.stack.width, source, detail)
    facts.preprocessing = Stated(.openAI, source, detail)
    facts.pooling = Stated(.highestID, source, detail)
    let isOpenAIVocabulary = sizes.text?.vocabularySize == OpenAIConvention.vocabularySize
    facts.tokenizer = Stated(isOpenAIVocabulary ? .openAI : .none, source, detail)
    return facts
  }

  private static func openAITower(
    width: Int?, _ source: Decision.Source, _ detail: String
  ) -> TowerFacts {
    guard let width else { return TowerFacts() }
    var facts = TowerFacts()
    facts.heads = Stated(width / OpenAIConvention.headSize, source, "\(detail): width / 64")
    facts.activation = Stated(.quickGELU, source, detail)
    facts.epsilon = Stated(OpenAIConvention.epsilon, source, detail)
    return facts
  }

  /// TorchScript archives with QuickGELU among the module types and OpenAI's three scalar buffers are OpenAI's own
  /// files, or fine-tuned models saved by their code.
  ///
  /// big_vision's kernels show heads, and its code has one activation and one epsilon.
  static func archive(_ evidence: Evidence, sizes: CLIPArchitecture) -> StatedFacts {
    if let heads = evidence.kernelHeads { return bigVision(heads, sizes: sizes) }
    guard evidence.namesQuickGELU, evidence.scalarBuffers != nil else { return StatedFacts() }
    return openAIFamily(
      sizes, source: .evidence, detail: "TorchScript module QuickGELU and OpenAI's three scalar buffers")
  }

  /// A published file, recognised by its SHA-256.
  static func fingerprint(_ sha256: String, sizes: CLIPArchitecture) -> StatedFacts {
    guard let file = OfficialFile.identified(by: sha256) else { return StatedFacts() }
    return openAIFamily(
      sizes, source: .fingerprint, detail: "SHA-256 of OpenAI's \(file.architectureName)")
  }

  /// Settings that are fixed in the libraries that use these names, unless a configuration overrides them.
  static func libraryDefaults(
    _ library: NamingConvention.Library, sizes: CLIPArchitecture
  ) -> StatedFacts {
    let owner =
      switch library {
      case .openAI: "clip and open_clip"
      case .huggingFace: "transformers"
      case .kerasHub: "keras-hub (but 1e-6 in the text tower's last one)"
      }
    var facts = StatedFacts()
    let family = sizes.family
    if family == .sigLIP { return sigLIPDefaults(sizes) }
    let epsilon = Stated(family.epsilon, .libraryDefault, "LayerNorm of \(owner)")
    facts.image.epsilon = epsilon
    facts.text.epsilon = epsilon
    let isOpenAIVocabulary = sizes.text?.vocabularySize == OpenAIConvention.vocabularySize
    facts.tokenizer = Stated(
      isOpenAIVocabulary ? .openAI : .none, .tensors,
      "\(sizes.text?.vocabularySize ?? 0) rows in the token table")
    if isOpenAIVocabulary {
      facts.pooling = Stated(.highestID, .libraryDefault, "end of text is the highest id in \(owner)")
    }
    if let image = sizes.image, image.pool.heads != nil {
      // Both libraries compute heads this way; only the configuration field head_width changes them.
      facts.image.heads = Stated(
        image.width / OpenAIConvention.headSize, .libraryDefault,
        "attention pooling of \(owner): width / 64")
    }
    return facts
  }

  /// Settings that every implementation of SigLIP has.
  private static func sigLIPDefaults(_ sizes: CLIPArchitecture) -> StatedFacts {
    var facts = StatedFacts()
    let epsilon = Stated(
      ModelFamily.sigLIP.epsilon, .libraryDefault, "LayerNorm of big_vision, timm and transformers")
    facts.image.epsilon = epsilon
    facts.text.epsilon = epsilon
    facts.tokenizer = Stated(
      .none, .tensors, "\(sizes.text?.vocabularySize ?? 0) rows in the token table")
    facts.pooling = Stated(.last, .tensors, "a SigLIP: a probe's pool, or a text projection with bias")
    return facts
  }
}
