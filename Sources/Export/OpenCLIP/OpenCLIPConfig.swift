internal import Architecture

/// A model in terms of open_clip's `CLIPVisionCfg` and `CLIPTextCfg`.
struct OpenCLIPConfig {
  var architecture: CLIPArchitecture
  /// Bias of a sigmoid. open_clip only creates the parameter if the configuration has its initial value.
  var logitBias: Float?

  /// The epsilon of open_clip's LayerNorm and BatchNorm.
  private static let libraryEpsilon: Float = 1e-5

  /// `model_cfg`; for a single tower, only its part.
  var json: JSONText {
    var members: [(key: String, value: JSONText)] = []
    if let dimension = architecture.image?.projection ?? architecture.text?.projection {
      members.append(("embed_dim", .integer(dimension)))
    }
    if usesQuickGELU { members.append(("quick_gelu", true)) }
    if let logitBias { members.append(("init_logit_bias", .float(logitBias))) }
    if let image = architecture.image { members.append(("vision_cfg", Self.vision(image))) }
    if let text = architecture.text { members.append(("text_cfg", Self.text(text))) }
    return .object(members)
  }

  private var usesQuickGELU: Bool { architecture.activations.contains(.quickGELU) }

  /// QuickGELU is a setting of the complete model; GELU and its tanh form are settings of a tower.
  var canStateActivations: Bool { !usesQuickGELU || architecture.activations.allSatisfy { $0 == .quickGELU } }

  private static func vision(_ tower: ImageTower) -> JSONText {
    let size: [(key: String, value: JSONText)] = [("image_size", .integer(tower.imageSize))]
    let headWidth = JSONText.integer(tower.width / max(tower.heads ?? 1, 1))
    switch tower.trunk {
    case .patches(let trunk):
      return .object(
        size + [
          ("patch_size", .integer(trunk.patchSize)), ("width", .integer(trunk.stack.width)),
          ("layers", .integer(trunk.stack.layers)), ("head_width", headWidth),
          ("mlp_ratio", .double(trunk.stack.mlpRatio)),
        ] + stated(trunk.stack))
    case .resNet(let trunk):
      let blocks = (0..<ResNetTrunk.Blocks.stageCount).map { JSONText.integer(trunk.blocks[$0]) }
      return .object(
        size + [
          ("width", .integer(trunk.stemWidth)), ("layers", .array(blocks)), ("head_width", headWidth),
          ("patch_size", .null),
        ])
    }
  }

  private static func text(_ tower: TextTower) -> JSONText {
    var members: [(key: String, value: JSONText)] = [
      ("context_length", .integer(tower.contextLength)), ("vocab_size", .integer(tower.vocabularySize)),
      ("width", .integer(tower.stack.width)), ("heads", .integer(tower.stack.heads)),
      ("layers", .integer(tower.stack.layers)), ("mlp_ratio", .double(tower.stack.mlpRatio)),
    ]
    switch tower.pooling {
    case .highestID: break
    case .firstID(let id): members += [("pool_type", "eos"), ("eos_id", .integer(id))]
    case .last: members.append(("pool_type", "last"))
    }
    return .object(members + stated(tower.stack))
  }

  /// The fields that differ from the library's defaults.
  private static func stated(_ stack: TransformerStack) -> [(key: String, value: JSONText)] {
    var members: [(key: String, value: JSONText)] = []
    if stack.activation == .geluTanh { members.append(("act_kwargs", ["approximate": "tanh"])) }
    if stack.epsilon != libraryEpsilon { members.append(("norm_kwargs", ["eps": .float(stack.epsilon)])) }
    return members
  }
}

extension TransformerStack {
  /// The ratio from which open_clip's `int(width * mlp_ratio)` gives the MLP's width.
  fileprivate var mlpRatio: Double {
    let ratio = Double(mlpWidth) / Double(width)
    return Int(Double(width) * ratio) == mlpWidth ? ratio : ratio.nextUp
  }
}
