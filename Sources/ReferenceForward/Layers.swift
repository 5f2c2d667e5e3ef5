internal import Models

// Layers by the names of their tensors.
extension CanonicalWeights {
  /// x·Wᵀ + bias: x `[…, K]` → `[…, N]`.
  func linear(
    _ x: Tensor, _ weight: String, _ bias: String, by product: MatrixProduct
  ) throws(ModelError) -> Tensor {
    observeInputs?(weight, LayerInputs(x))
    return x.linear(try self(weight), try self(bias), by: product)
  }

  /// `linear` with `NAME.weight` and `NAME.bias`.
  func linear(_ x: Tensor, _ name: String, by product: MatrixProduct) throws(ModelError) -> Tensor {
    try linear(x, "\(name).weight", "\(name).bias", by: product)
  }

  /// x·P: x `[…, K]` → `[…, N]`.
  func projected(_ x: Tensor, _ name: String, by product: MatrixProduct) throws(ModelError) -> Tensor {
    observeInputs?(name, LayerInputs(x))
    return x.projected(on: try self(name), by: product)
  }

  /// Maps `[B, H, W, C]` → `[B, H, W, N]`.
  func convolved1x1(_ x: Tensor, _ weight: String, by product: MatrixProduct) throws(ModelError) -> Tensor {
    observeInputs?(weight, LayerInputs(x))
    return x.convolved1x1(try self(weight), by: product)
  }

  /// Maps `[B, H, W, C]` → `[B, H / stride, W / stride, N]`, padding 1.
  func convolved3x3(
    _ x: Tensor, _ weight: String, stride: Int = 1, by product: MatrixProduct
  ) throws(ModelError) -> Tensor {
    observeInputs?(weight, LayerInputs(maps: x, stride: stride))
    return x.convolved3x3(try self(weight), stride: stride, by: product)
  }

  /// Patches `[B, G², C·P·P]`, each in the order (channel, y, x) → `[B, G², N]`.
  func embedded(
    _ patches: Tensor, channels: Int, _ weight: String, by product: MatrixProduct
  ) throws(ModelError) -> Tensor {
    observeInputs?(weight, LayerInputs(patches: patches, channels: channels))
    let kernel = try self(weight)  // [N, C, P, P]
    return patches.linear(
      kernel.reshaped([kernel.shape[0], kernel.values.count / kernel.shape[0]]), by: product)
  }
}
