internal import Architecture

/// What the tensors of a model tell about its origin. The libraries' defaults depend on it.
enum ModelFamily {
  /// CLIP, and MetaCLIP 2, whose towers are the same.
  case clip
  /// SigLIP and SigLIP 2 of fixed image size, which have the same tensors.
  case sigLIP

  /// Models of this `model_type` of transformers have this family's towers, with its defaults.
  func includes(modelType: String) -> Bool {
    switch self {
    case .clip:
      ["clip", "metaclip_2"].contains { [$0, $0 + "_text_model", $0 + "_vision_model"].contains(modelType) }
    case .sigLIP: ["siglip", "siglip_text_model", "siglip_vision_model"].contains(modelType)
    }
  }

  /// Added to the variance in LayerNorms where nothing else is stated.
  var epsilon: Float {
    switch self {
    case .clip: OpenAIConvention.epsilon
    case .sigLIP: 1e-6
    }
  }
}

extension CLIPArchitecture {
  var family: ModelFamily {
    switch (image?.pool, text?.pooling) {
    case (.probe, _), (nil, .last): .sigLIP
    case (.classToken, _), (.attention, _), (nil, .highestID), (nil, .firstID), (nil, nil): .clip
    }
  }
}
