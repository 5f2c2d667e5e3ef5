internal import Architecture
internal import BundleFormat
internal import Models
internal import Output

extension ExportTarget {
  public static let huggingFace = ExportTarget(
    "huggingface", name: "transformers",
    summary:
      "a folder for transformers' CLIPModel.from_pretrained, with processor and tokenizer (ViT)",
    layout: FolderLayout(
      files: TokenizerFiles.names.union(["config.json", "preprocessor_config.json"]),
      signed: ["model.safetensors"]),
    plan: { request, spaceID throws(ExportError) in
      try ExportPlan(huggingFace: request, spaceID: spaceID)
    })
}

extension ExportPlan {
  /// The files that `from_pretrained` of `CLIPModel`, `CLIPProcessor` and the single-tower classes opens.
  fileprivate init(huggingFace request: ExportRequest, spaceID: SpaceID) throws(ExportError) {
    let model = request.model
    try model.architecture.requireCLIP(.huggingFace)
    try Self.requireStatable(model)
    let hasBothTowers = model.architecture.image != nil && model.architecture.text != nil
    let logitScale = hasBothTowers ? LogitScale(model) : nil
    let config = HuggingFaceConfig(
      architecture: model.architecture, precision: request.precision,
      logitScale: try model.exportedScore()?.logScale)
    let tensors = request.tensors(.huggingFace).filter {
      hasBothTowers || $0.name != "logit_scale" && $0.name != "logit_bias"
    }
    files = [
      PlannedFile(name: "config.json", config.json.pretty),
      PlannedFile(
        safetensors: "model.safetensors", tensors + (logitScale?.supplied ?? []),
        metadata: request.metadata(spaceID: spaceID)),
    ]
    notes = logitScale?.notes ?? []
    if model.scoreKind == .sigmoid {
      notes.append("one tower alone has no score: its scale and bias are left out")
    }
    if let image = model.architecture.image {
      let processor = PreprocessorConfig(
        preprocessing: model.preprocessing ?? .openAI, imageSize: image.imageSize)
      files.append(PlannedFile(name: "preprocessor_config.json", processor.json.pretty))
      notes += processor.notes
    }
    if let text = model.architecture.text {
      files += TokenizerFiles(model.tokenizer, text)?.all(below: "") ?? []
      notes += TokenizerFiles.notes(on: model.tokenizer)
    }
  }

  private static func requireStatable(_ model: CLIPModel) throws(ExportError) {
    switch model.architecture.image?.trunk {
    case .patches, nil: break
    case .resNet: throw .refused(ExportRefusal(.resNet, .huggingFace, found: model.name))
    }
    if model.architecture.image != nil, model.preprocessing?.backend == .torchvisionFloat {
      throw .refused(
        ExportRefusal(
          .resizeBackend, .huggingFace, found: Preprocessing.Backend.torchvisionFloat.fieldText))
    }
    if let text = model.architecture.text {
      // The known error of all early CLIP configurations, which transformers interprets as the highest id.
      guard text.pooling != .firstID(2) else {
        throw .refused(ExportRefusal(.pooling, .huggingFace, found: "id 2"))
      }
      if let image = model.architecture.image {
        try requireOneSpace(image, text, .huggingFace)
        guard model.scoreKind != .sigmoid else {
          throw .refused(ExportRefusal(.score, .huggingFace, found: "a sigmoid with a bias"))
        }
      }
    }
  }
}
