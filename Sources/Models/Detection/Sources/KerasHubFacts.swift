internal import Architecture
internal import Archives
internal import Checkpoints

extension StatedFacts {
  /// `config.json` of a KerasHub preset: the class and its constructor arguments, one object per tower.
  static func kerasHub(_ config: ConfigFile, sizes: CLIPArchitecture) throws(ModelError) -> StatedFacts {
    let root = ConfigReader(config)
    if let kind = try root.text("class_name"), kind != "CLIPBackbone" {
      throw ModelError(
        .unsupportedArchitecture, found: "KerasHub's \(kind) (\(root.location))", file: config.path)
    }
    var facts = StatedFacts()
    guard let backbone = try root.object("config") else { return facts }
    if sizes.image != nil, let vision = try backbone.tower("vision_encoder") {
      facts.image = try vision.towerFacts()
      try facts.addSizes(
        vision,
        [("hidden_dim", .imageWidth), ("num_layers", .imageLayers), ("patch_size", .patchSize)])
    }
    if sizes.text != nil, let text = try backbone.tower("text_encoder") {
      facts.text = try text.towerFacts()
      facts.pooling = Stated(
        .highestID, .libraryDefault, "\(text.location): CLIPTextEncoder pools the highest id")
      try facts.addSizes(
        text,
        [
          ("hidden_dim", .textWidth), ("num_layers", .textLayers), ("vocabulary_size", .vocabularySize),
          ("max_sequence_length", .contextLength),
        ])
    }
    try facts.addSizes(backbone, [("projection_dim", .projection)])
    return facts
  }

  /// Attention kernels have an axis of heads, so their shapes show the number of heads.
  static func kerasHubKernels(_ tensors: [CheckpointTensor]) -> StatedFacts {
    var facts = StatedFacts()
    facts.image.heads = heads(.image, tensors)
    facts.text.heads = heads(.text, tensors)
    return facts
  }

  private static func heads(_ tower: Tower, _ tensors: [CheckpointTensor]) -> Stated<Int>? {
    let name = NamingConvention.kerasHubQueryKernel(tower)
    guard let kernel = tensors.first(where: { $0.name == name }), kernel.shape.count == 3 else { return nil }
    return Stated(kernel.shape[1], .tensors, "shape of \(name)")
  }

  private mutating func addSizes(
    _ config: ConfigReader, _ fields: [(key: String, field: StatedSize.Field)]
  ) throws(ModelError) {
    for (key, field) in fields {
      guard let value = try config.integer(key) else { continue }
      sizes.append(StatedSize(field: field, value: value, detail: "\(config.location): \(key)"))
    }
  }
}

extension ConfigReader {
  /// The arguments of a nested layer.
  fileprivate func tower(_ key: String) throws(ModelError) -> ConfigReader? {
    try object(key)?.object("config")
  }

  /// Keras's constructors have no default for heads; the default activation is "quick_gelu".
  fileprivate func towerFacts() throws(ModelError) -> StatedFacts.TowerFacts {
    var facts = StatedFacts.TowerFacts()
    if let heads = try integer("num_heads") {
      facts.heads = Stated(heads, .configuration, "\(location): num_heads")
    }
    let name = try text("intermediate_activation")
    let source: Decision.Source = name == nil ? .libraryDefault : .configuration
    let detail = "\(location): intermediate_activation"
    switch name ?? "quick_gelu" {
    case "quick_gelu": facts.activation = Stated(.quickGELU, source, detail)
    case "gelu": facts.activation = Stated(.gelu, source, detail)
    case let other: throw unsupported("intermediate_activation \(other)")
    }
    return facts
  }
}
