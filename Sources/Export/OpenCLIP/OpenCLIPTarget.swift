internal import Architecture
internal import BundleFormat
internal import Models
internal import Output

extension ExportTarget {
  public static let openCLIP = ExportTarget(
    "open-clip", name: "open_clip",
    summary: "a folder for open_clip.create_model_and_transforms('local-dir:FOLDER')",
    layout: FolderLayout(files: ["open_clip_config.json"], signed: ["open_clip_model.safetensors"]),
    plan: { request, spaceID throws(ExportError) in try ExportPlan(openCLIP: request, spaceID: spaceID) })
}

extension ExportPlan {
  /// `open_clip_config.json` and `open_clip_model.safetensors`, which open_clip opens as `local-dir:FOLDER`.
  /// open_clip has OpenAI's tokenizer, so no tokenizer is written.
  fileprivate init(openCLIP request: ExportRequest, spaceID: SpaceID) throws(ExportError) {
    let model = request.model
    try model.architecture.requireCLIP(.openCLIP)
    let config = OpenCLIPConfig(
      architecture: model.architecture, logitBias: try model.exportedScore()?.bias)
    guard let image = model.architecture.image, let text = model.architecture.text else {
      throw .refused(
        ExportRefusal(
          .halfModel, .openCLIP, found: model.architecture.image == nil ? "a text tower" : "an image tower"))
    }
    try Self.requireOneSpace(image, text, .openCLIP)
    guard config.canStateActivations else {
      throw .refused(ExportRefusal(.activations, .openCLIP, found: "QuickGELU in one and GELU in the other"))
    }
    let preprocessing = model.preprocessing ?? .openAI
    try Self.requirePixelsOfOpenCLIP(preprocessing, .openCLIP)
    let json: JSONText = [
      "model_cfg": config.json, "preprocess_cfg": .object(preprocessing.openCLIPMembers),
    ]
    let logitScale = LogitScale(model)
    files = [
      PlannedFile(name: "open_clip_config.json", json.pretty),
      PlannedFile(
        safetensors: "open_clip_model.safetensors", request.tensors(.openAI) + logitScale.supplied,
        metadata: request.metadata(spaceID: spaceID)),
    ]
    notes = logitScale.notes + preprocessing.notesOnOpenCLIP
    switch model.tokenizer {
    case .openAI: break
    case .table: notes += TokenizerFiles.notes(on: model.tokenizer)
    case .none:
      notes.append("the source has no tokenizer, and open_clip's may not be its own: give token ids")
    }
  }

  /// - Throws: `projections`, if images and texts are in different spaces.
  static func requireOneSpace(
    _ image: ImageTower, _ text: TextTower, _ target: ExportTarget
  ) throws(ExportError) {
    func words(_ dimension: Int?) -> String { dimension.map { "\($0)" } ?? "no projection" }
    guard let dimension = image.projection, dimension == text.projection else {
      throw .refused(
        ExportRefusal(
          .projections, target,
          found: "\(words(image.projection)) for images, \(words(text.projection)) for texts"))
    }
  }
}

extension CLIPModel {
  func exportedScore() throws(ExportError) -> Score? {
    do throws(ModelError) { return try score() } catch { throw .model(error) }
  }
}

/// The logit scale for libraries that require one.
struct LogitScale {
  /// The initial value of both libraries: ln(1 / 0.07), as in the paper.
  private static let initial: Float = 2.659_260_0
  private let isMissing: Bool

  init(_ model: CLIPModel) { isMissing = model.scoreKind == nil }

  /// The tensor to add if the source has none.
  var supplied: [NamedTensor] { isMissing ? [NamedTensor("logit_scale", scalar: Self.initial)] : [] }

  var notes: [String] {
    isMissing
      ? ["the source has no logit scale: ln(1 / 0.07) is written, and probabilities of labels mean nothing"]
      : []
  }
}

extension Preprocessing {
  /// Notes on differences in open_clip's transform, which its configuration cannot change.
  var notesOnOpenCLIP: [String] {
    guard resize == .shortest, crop == .down || conversion == .beforeResize else { return [] }
    return [
      "open_clip rounds odd margins to even and resizes before it converts to RGB: images of some sizes and modes differ "
        + "in their pixels; take --to huggingface or --to safetensors for this model's"
    ]
  }
}
