internal import Architecture

/// How the model turns cosines into probabilities. A logit bias implies a sigmoid, because a softmax does not depend
/// on it.
struct ScoreDetection {
  let kind: Score.Kind?
  private(set) var decisions: [Decision] = []
  private(set) var notes: [String] = []
  private(set) var problems: [ModelError] = []

  /// - Parameter stated: whether a configuration has a bias; nil if no configuration states it.
  init(_ bindings: TensorBindings, stated: Stated<Bool>?, _ architecture: CLIPArchitecture) {
    guard let bias = bindings.byName["logit_bias"] else {
      let hasScale = bindings.byName["logit_scale"] != nil
      kind = hasScale ? .softmax : nil
      // A single tower has no score.
      let isScored = hasScale || architecture.image != nil && architecture.text != nil
      if let stated, stated.value, isScored { problems = [Self.missingBias(stated.detail)] }
      return
    }
    // With a bias but no scale, the scale is reported as missing.
    kind = .sigmoid
    decisions = [
      Decision(field: "score", value: "sigmoid", source: .evidence, detail: "the tensor \(bias.sourceNames)")
    ]
    if let stated, !stated.value {
      notes = ["the file has a logit_bias, so the score is a sigmoid, although \(stated.detail) is absent"]
    } else if stated == nil, bindings.convention.library == .huggingFace, architecture.family == .clip {
      notes = ["the score is a sigmoid with the file's logit_bias, which transformers' CLIPModel leaves out"]
    }
  }

  private static func missingBias(_ detail: String) -> ModelError {
    var error = ModelError(.missingTensors, expected: "logit_bias, as \(detail) states", found: "none")
    error.remedy =
      "save the checkpoint again with its logit_bias; where a softmax trained the model, remove init_logit_bias from "
      + "the configuration"
    return error
  }
}
