internal import Architecture
internal import BundleFormat
internal import Models
internal import Output

extension ExportTarget {
  public static let onnx = ExportTarget(
    "onnx", name: "ONNX",
    summary: "a folder with visual/model.onnx and textual/model.onnx, any batch size, opset 17",
    precisions: [.fp32, .fp16, .int8],
    layout: FolderLayout(
      files: Set(TokenizerFiles.fastNames.map { "textual/\($0)" }).union([
        "config.json", "textual/model.onnx.data", "visual/model.onnx.data", "visual/preprocess_cfg.json",
      ]), signed: ["textual/model.onnx", "visual/model.onnx"]),
    plan: { request, spaceID throws(ExportError) in try ExportPlan(onnx: request, spaceID: spaceID) })
}

extension ExportPlan {
  /// `visual/model.onnx` and `textual/model.onnx` with the files that their users need: the layout of Immich's model
  /// cache, and two graphs that applications can load separately.
  fileprivate init(onnx request: ExportRequest, spaceID: SpaceID) throws(ExportError) {
    let model = request.model
    let weights = try ONNXWeights(model, request.precision, threads: request.threads)
    let score = try model.exportedScore()
    let metadata = request.onnxMetadata(spaceID: spaceID) + (score?.onnxMetadata ?? [])
    files = []
    notes = score?.onnxNotes ?? []
    if let image = model.architecture.image {
      var builder = ONNXGraphBuilder("image_encoder", weights: weights)
      ImageGraph(tower: image).build(in: &builder)
      files += ONNXModelFile(graph: builder.graph, metadata: metadata).files(below: "visual/")
      let size = JSONText.integer(image.imageSize)
      let members = [(key: "size", value: [size, size] as JSONText)]
      let preprocessing = model.preprocessing ?? .openAI
      try Self.requirePixelsOfOpenCLIP(preprocessing, .onnx)
      notes += preprocessing.notesOnOpenCLIP
      files.append(
        PlannedFile(
          name: "visual/preprocess_cfg.json", JSONText.object(members + preprocessing.openCLIPMembers).pretty)
      )
    }
    if let text = model.architecture.text {
      var builder = ONNXGraphBuilder("text_encoder", weights: weights)
      TextGraph(tower: text).build(in: &builder)
      files += ONNXModelFile(graph: builder.graph, metadata: metadata).files(below: "textual/")
      files += TokenizerFiles(model.tokenizer, text)?.fast(below: "textual/") ?? []
      notes += TokenizerFiles.notes(on: model.tokenizer)
    }
    files.append(
      PlannedFile(name: "config.json", OpenCLIPConfig(architecture: model.architecture).json.pretty))
  }
}

// The graphs end at the embeddings. The scale of a softmax does not change the order of texts and can be omitted; the
// probabilities of a sigmoid need its numbers.
extension Score {
  fileprivate var onnxMetadata: [(key: String, value: String)] {
    switch self {
    case .softmax: []
    case .sigmoid(let logScale, let bias):
      [
        ("pocketclip.score", "sigmoid"), ("pocketclip.logit_scale", "\(logScale)"),
        ("pocketclip.logit_bias", "\(bias)"),
      ]
    }
  }

  fileprivate var onnxNotes: [String] {
    switch self {
    case .softmax: []
    case .sigmoid:
      [
        "the graphs give embeddings; the numbers of sigmoid(exp(logit_scale) * cosine + logit_bias) are in their metadata"
      ]
    }
  }
}

extension ExportRequest {
  /// `metadata_props`: facts that users of the graphs can need.
  fileprivate func onnxMetadata(spaceID: SpaceID) -> [(key: String, value: String)] {
    metadata(spaceID: spaceID).filter { $0.key != "format" } + [
      ("pocketclip.model", model.name), ("pocketclip.precision", "\(precision)"),
    ]
  }
}
