internal import Architecture
internal import Checkpoints

extension CLIPArchitecture {
  /// The image size that the model's configuration states, if it has as many patches as the tensors have positions, and is
  /// not the size that they imply. Tensors cannot tell sizes apart that differ by less than a patch: So400m/14 takes 384
  /// pixels and ignores the last 6.
  func statedImageSize(_ evidence: Evidence) throws(ModelError) -> Stated<Int>? {
    guard let image, case .patches(let trunk) = image.trunk, let stated = try evidence.statedImageSize(),
      stated.value != image.imageSize,
      trunk.gridSize(imageSize: stated.value) == trunk.gridSize(imageSize: image.imageSize)
    else { return nil }
    return stated
  }
}

extension Evidence {
  /// Nil if there is no configuration or it states no size.
  fileprivate func statedImageSize() throws(ModelError) -> Stated<Int>? {
    var vision: ConfigReader?
    if let config = openCLIPConfig {
      vision = try ConfigReader(config).object("model_cfg")?.object("vision_cfg")
    } else if let config = huggingFaceConfig {
      let root = ConfigReader(config)
      vision = try root.object("vision_config") ?? root
    }
    guard let vision, let size = try vision.integer("image_size") else { return nil }
    return Stated(
      size, .configuration, "\(vision.location): image_size, which the positions fit as well as their own")
  }
}
