internal import Archives

/// A BatchNorm that an exporter folded into the convolution before it, as the one that adds what is left of it, the
/// bias, and changes nothing else: with it the model computes what the graph does.
enum FoldedNorm {
  /// ModifiedResNet's BatchNorms have PyTorch's default.
  static let epsilon: Float = 1e-5

  /// Weight 1, the bias, mean 0, and variance 1 − ε, so that √(variance + ε) = 1.
  static func tensors(
    _ module: String, bias: CheckpointTensor
  ) throws(ReadError) -> [CheckpointTensor] {
    var result = [CheckpointTensor(renaming: bias, to: module + ".bias")]
    for (name, number) in [("weight", 1), ("running_mean", 0), ("running_var", 1 - epsilon)]
      as [(String, Float)]
    {
      result.append(
        try CheckpointTensor(
          computed: number, shape: bias.shape, name: module + "." + name, file: bias.file))
    }
    return result
  }
}
