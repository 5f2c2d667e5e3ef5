internal import Architecture
internal import BundleFormat
internal import Models

/// `config.json` of transformers' `CLIPModel`, or of the class for one tower.
struct HuggingFaceConfig {
  var architecture: CLIPArchitecture
  var precision: Precision
  /// ln of the temperature, if the model has one.
  var logitScale: Float?

  var json: JSONText {
    switch (architecture.image, architecture.text) {
    case (let image?, let text?): both(image, text)
    case (let image?, nil): .object(header(image.projection, "CLIPVisionModel") + Self.vision(image))
    case (nil, let text?): .object(header(text.projection, "CLIPTextModel") + Self.text(text))
    case (nil, nil): .object([])
    }
  }

  private func both(_ image: ImageTower, _ text: TextTower) -> JSONText {
    var members: [(key: String, value: JSONText)] = [
      ("architectures", ["CLIPModel"]), ("dtype", dtype), ("model_type", "clip"),
      ("projection_dim", .integer(image.outputWidth)),
    ]
    if let logitScale { members.append(("logit_scale_init_value", .float(logitScale))) }
    return .object(
      members + [("text_config", .object(Self.text(text))), ("vision_config", .object(Self.vision(image)))])
  }

  /// Fields that only a file of a single tower has, in addition to the tower itself.
  private func header(_ projection: Int?, _ name: String) -> [(key: String, value: JSONText)] {
    [
      ("architectures", [.string(projection == nil ? name : name + "WithProjection")]), ("dtype", dtype),
    ]
  }

  private var dtype: JSONText { precision == .fp32 ? "float32" : "float16" }

  private static func text(_ tower: TextTower) -> [(key: String, value: JSONText)] {
    let last = tower.vocabularySize - 1
    let end = tower.pooledID ?? last  // The plan rejects a tower that pools at another position.
    return [
      ("model_type", "clip_text_model"), ("vocab_size", .integer(tower.vocabularySize)),
      ("max_position_embeddings", .integer(tower.contextLength)),
      ("bos_token_id", .integer(max(last - 1, 0))), ("eos_token_id", .integer(end)),
      ("pad_token_id", .integer(end)),
    ] + stack(tower.stack) + [("projection_dim", .integer(tower.outputWidth))]
  }

  private static func vision(_ tower: ImageTower) -> [(key: String, value: JSONText)] {
    switch tower.trunk {
    case .patches(let trunk):
      [
        ("model_type", "clip_vision_model"), ("image_size", .integer(tower.imageSize)),
        ("patch_size", .integer(trunk.patchSize)), ("num_channels", 3),
        // transformers requires a number even without projection.
      ] + stack(trunk.stack) + [("projection_dim", .integer(tower.outputWidth))]
    case .resNet: []  // The plan rejected it.
    }
  }

  private static func stack(_ stack: TransformerStack) -> [(key: String, value: JSONText)] {
    [
      ("hidden_size", .integer(stack.width)), ("intermediate_size", .integer(stack.mlpWidth)),
      ("num_hidden_layers", .integer(stack.layers)), ("num_attention_heads", .integer(stack.heads)),
      ("hidden_act", .string(stack.activation.huggingFaceName)), ("layer_norm_eps", .float(stack.epsilon)),
    ]
  }
}

extension Activation {
  fileprivate var huggingFaceName: String {
    switch self {
    case .quickGELU: "quick_gelu"
    case .gelu: "gelu"
    case .geluTanh: "gelu_pytorch_tanh"
    }
  }
}
