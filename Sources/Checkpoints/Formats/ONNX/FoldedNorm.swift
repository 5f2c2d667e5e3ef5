internal import Archives

/// A BatchNorm that an exporter folded into the convolution before it, as the one that adds what is left of it, the
/// bias, and changes nothing else: with it the model computes what the graph does.
enum FoldedNorm {
  /// ModifiedResNet's BatchNorms have PyTorch's default.
  private static let epsilon: Float = 1e-5

  /// The module after a convolution: `….bn2` after `….conv2`, `….downsample.1` after `….downsample.0`.
  static func module(afterKernel kernel: String) -> String? {
    guard let convolution = ONNXName.sibling(of: kernel, ".weight", "") else { return nil }
    if let norm = ONNXName.sibling(of: convolution, "downsample.0", "downsample.1") { return norm }
    for number in ["1", "2", "3"] {
      if let norm = ONNXName.sibling(of: convolution, "conv" + number, "bn" + number) { return norm }
    }
    return nil
  }

  /// Weight, bias, mean and variance: 1, the bias, 0, and what the square root of its sum with epsilon is 1 of.
  static func tensors(
    _ module: String, bias: CheckpointTensor
  ) throws(ReadError) -> [(name: String, tensor: CheckpointTensor)] {
    var result = [(module + ".bias", bias)]
    for (name, number) in [("weight", 1), ("running_mean", 0), ("running_var", 1 - epsilon)]
      as [(String, Float)]
    {
      let tensor = try CheckpointTensor(
        computed: number, shape: bias.shape, name: module + "." + name, file: bias.file)
      result.append((tensor.name, tensor))
    }
    return result
  }
}
