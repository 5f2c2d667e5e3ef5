internal import Architecture
internal import Checkpoints

extension CLIPArchitecture {
  /// The image size that an option or the model's configuration states, if it has as many patches as the tensors have positions,
  /// and is not the size that they imply. Tensors cannot tell sizes apart that differ by less than a patch: So400m/14 takes 384
  /// pixels and ignores the last 6.
  func statedImageSize(_ evidence: Evidence, _ options: ModelOptions) throws(ModelError) -> Stated<Int>? {
    let sources = [try options.statedImageSize(), try evidence.statedImageSize()]
    guard let stated = sources.compactMap({ $0 }).first, stated.value != image?.imageSize,
      fits(imageSize: stated.value)
    else { return nil }
    return stated
  }

  /// Whether an image of this size has as many patches as the tensors have positions.
  func fits(imageSize: Int) -> Bool {
    guard let image, case .patches(let trunk) = image.trunk else { return false }
    return trunk.gridSize(imageSize: imageSize) == trunk.gridSize(imageSize: image.imageSize)
  }
}

extension ModelOptions {
  /// The size of the named architecture, or of the images that the given configuration makes.
  fileprivate func statedImageSize() throws(ModelError) -> Stated<Int>? {
    if let name = architectureName, let image = ArchitectureCatalogue.architecture(named: name)?.image {
      return Stated(image.imageSize, .option, "--architecture \(name)")
    }
    guard case .file(let path) = preprocessing,
      let size = try PreprocessingConfig.imageSize(path: path)
    else { return nil }
    return Stated(size, .option, "--preprocess \(path), which the positions fit as well as their own")
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
