internal import Archives

/// One CLIP exported as two graphs: `visual/model.onnx` and `textual/model.onnx` of Immich and PocketCLIP,
/// `vision_model.onnx` and `text_model.onnx` of transformers.js, and similar pairs.
enum TowerPair {
  private static let imageNames: Set<String> = [
    "visual", "vision", "image", "vision_model", "vision_encoder", "image_encoder", "image_model",
    "clip_visual",
    "clip_image_encoder",
  ]
  private static let textNames: Set<String> = [
    "textual", "text", "text_model", "text_encoder", "clip_textual", "clip_text_encoder",
  ]

  static func isImage(_ name: String) -> Bool { imageNames.contains(name) }
  static func isText(_ name: String) -> Bool { textNames.contains(name) }

  /// The pair with the image tower first; nil if names or contents are not those of two towers.
  static func order(
    _ one: (name: String, checkpoint: Checkpoint), _ other: (name: String, checkpoint: Checkpoint)
  ) -> (image: (name: String, checkpoint: Checkpoint), text: (name: String, checkpoint: Checkpoint))? {
    guard one.checkpoint.format == .onnx, other.checkpoint.format == .onnx else { return nil }
    if isImage(one.name), isText(other.name) { return (one, other) }
    if isImage(other.name), isText(one.name) { return (other, one) }
    return nil
  }
}

extension Checkpoint {
  /// Joins the two towers of one model into one checkpoint.
  ///
  /// If both files hold a logit scale, the text tower's is used.
  ///
  /// - Throws: `duplicateTensorName` if the files are not two towers of one model.
  init(
    joining image: Checkpoint, _ text: Checkpoint, named imageName: String, _ textName: String
  ) throws(ReadError) {
    let textNames = Set(text.tensors.map(\.name))
    for tensor in image.tensors where tensor.name != "logit_scale" && textNames.contains(tensor.name) {
      throw ReadError(
        .duplicateTensorName, found: "in \(imageName) and in \(textName)", path: [.tensor(tensor.name)])
    }
    self = text
    files = image.files + text.files
    tensors = image.tensors.filter { !textNames.contains($0.name) } + text.tensors
    ignored = image.ignored + text.ignored
    notes = ["joined the image tower in \(imageName) and the text tower in \(textName)"]
    notes += image.notes + text.notes.filter { !image.notes.contains($0) }
    archives = image.archives + text.archives
    evidence.graph?.image = image.evidence.graph?.image ?? GraphFacts.Tower()
  }
}
