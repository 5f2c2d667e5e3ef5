/// Name components that mark values derived from a weight. Such a tensor has the shape of the weight, so only its
/// name distinguishes it.
///
/// Names of the states of torch.optim and optax, of task arithmetic, federated learning and continual learning.
enum OtherValues {
  /// Words that also count as part of a longer component: `model_delta`, `grad_ema`.
  private static let parts: [Substring: String] = [
    "delta": difference, "deltas": difference,
    "grad": gradient, "grads": gradient, "gradient": gradient, "gradients": gradient, "dw": gradient,
    "optimizer": optimizer, "optimizers": optimizer, "optim": optimizer,
    "fisher": importance, "hessian": importance,
  ]

  /// Words that only count as a complete component. A `momentum_encoder` has weights of its own, and `diff`
  /// abbreviates several words.
  private static let names: [Substring: String] = [
    "diff": difference, "diffs": difference, "difference": difference, "differences": difference,
    "weight_diff": difference, "residual": difference, "residuals": difference, "noise": difference,
    "task_vector": difference, "task_vectors": difference,
    "update": difference, "updates": difference,
    "opt": optimizer, "opt_state": optimizer, "momentum": optimizer, "momentum_buffer": optimizer,
    "velocity": optimizer, "exp_avg": optimizer, "exp_avgs": optimizer, "exp_avg_sq": optimizer,
    "exp_avg_sqs": optimizer, "max_exp_avg_sq": optimizer, "exp_inf": optimizer, "square_avg": optimizer,
    "acc_delta": optimizer, "first_moment": optimizer, "second_moment": optimizer, "accumulator": optimizer,
    "accumulators": optimizer, "mu": optimizer, "nu": optimizer,
    "importance": importance, "importances": importance,
    "mask": mask, "masks": mask,
    "variance": spread, "std": spread, "sq_mean": spread,
  ]

  private static let difference = "a difference of weights"
  private static let gradient = "gradients"
  private static let optimizer = "an optimizer's state"
  private static let importance = "the importance of weights"
  private static let mask = "a mask of weights"
  private static let spread = "the spread of weights"

  /// The meaning of the values below these components; nil if no word marks them as derived values.
  static func meaning(of components: some Sequence<Substring>) -> String? {
    for component in components {
      let word = component.lowercased()[...]
      if let meaning = names[word] { return meaning }
      let parts = word.split { $0 == "_" || $0 == "-" }
      if let meaning = parts.lazy.compactMap({ Self.parts[$0] }).first { return meaning }
    }
    return nil
  }
}
