internal import Architecture

/// A model as open_clip's `CLIPVisionCfg` and `CLIPTextCfg` state it.
struct OpenCLIPConfig {
  var architecture: CLIPArchitecture
  /// Of a sigmoid; open_clip makes the parameter only where the configuration has its first value.
  var logitBias: Float?

  /// open_clip's own LayerNorm and BatchNorm.
  private static let libraryEpsilon: Float = 1e-5

  /// `model_cfg`; of half a model, what there is.
  var json: JSONText {
    var members: [(key: String, value: JSONText)] = []
    if let dimension = architecture.image?.projection ?? architecture.text?.projection {
      members.append(("embed_dim", .integer(dimension)))
    }
    if usesQuickGELU { members.append(("quick_gelu", true)) }
    if let logitBias { members.append(("init_logit_bias", .float(logitBias))) }
    switch architecture.image {
    case .visionTransformer(let tower): members.append(("vision_cfg", Self.vision(tower)))
    case .modifiedResNet(let tower): members.append(("vision_cfg", Self.vision(tower)))
    case nil: break
    }
    if let text = architecture.text { members.append(("text_cfg", Self.text(text))) }
    return .object(members)
  }

  /// Those of the towers that have transformers.
  private var activations: [Activation] {
    var activations: [Activation] = []
    if case .visionTransformer(let tower) = architecture.image { activations.append(tower.stack.activation) }
    if let text = architecture.text { activations.append(text.stack.activation) }
    return activations
  }

  private var usesQuickGELU: Bool { activations.contains(.quickGELU) }

  /// QuickGELU is said for a whole model; between GELU and its tanh form towers may differ.
  var canStateActivations: Bool { !usesQuickGELU || activations.allSatisfy { $0 == .quickGELU } }

  private static func vision(_ tower: VisionTransformer) -> JSONText {
    .object(
      [
        ("image_size", .integer(tower.imageSize)), ("patch_size", .integer(tower.patchSize)),
        ("width", .integer(tower.stack.width)), ("layers", .integer(tower.stack.layers)),
        ("head_width", .integer(tower.stack.headSize)), ("mlp_ratio", .double(tower.stack.mlpRatio)),
      ] + stated(tower.stack))
  }

  private static func vision(_ tower: ModifiedResNet) -> JSONText {
    let blocks = (0..<ModifiedResNet.Blocks.stageCount).map { JSONText.integer(tower.blocks[$0]) }
    return [
      "image_size": .integer(tower.imageSize), "width": .integer(tower.width), "layers": .array(blocks),
      "head_width": .integer(tower.attentionPoolWidth / tower.heads), "patch_size": .null,
    ]
  }

  private static func text(_ tower: TextTower) -> JSONText {
    var members: [(key: String, value: JSONText)] = [
      ("context_length", .integer(tower.contextLength)), ("vocab_size", .integer(tower.vocabularySize)),
      ("width", .integer(tower.stack.width)), ("heads", .integer(tower.stack.heads)),
      ("layers", .integer(tower.stack.layers)), ("mlp_ratio", .double(tower.stack.mlpRatio)),
    ]
    if case .firstID(let id) = tower.pooling {
      members += [("pool_type", "eos"), ("eos_id", .integer(id))]
    }
    return .object(members + stated(tower.stack))
  }

  /// What differs from the library's defaults.
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
