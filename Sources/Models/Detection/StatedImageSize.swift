internal import Architecture
internal import Checkpoints

extension CLIPArchitecture {
  /// The architecture with the image size that a configuration states, if it has as many patches as the tensors have
  /// positions. Tensors cannot tell sizes apart that differ by less than a patch: So400m/14 takes 384 pixels and ignores
  /// the last 6.
  func withStatedImageSize(_ evidence: Evidence) throws(ModelError) -> CLIPArchitecture {
    guard let image, case .patches(let trunk) = image.trunk,
      let stated = try evidence.statedImageSize(),
      trunk.gridSize(imageSize: stated) == trunk.gridSize(imageSize: image.imageSize)
    else { return self }
    var architecture = self
    architecture.image?.imageSize = stated
    return architecture
  }
}

extension Evidence {
  /// Of the model's configuration; nil if there is none or it states no size.
  fileprivate func statedImageSize() throws(ModelError) -> Int? {
    if let config = openCLIPConfig,
      let vision = try ConfigReader(config).object("model_cfg")?.object("vision_cfg")
    {
      return try vision.integer("image_size")
    }
    guard let config = huggingFaceConfig else { return nil }
    let root = ConfigReader(config)
    return try (root.object("vision_config") ?? root).integer("image_size")
  }
}
