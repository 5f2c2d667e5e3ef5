internal import Models

// Layers by the names of their tensors.
extension CanonicalWeights {
  /// x·Wᵀ + bias: x `[…, K]` → `[…, N]`.
  func linear(
    _ x: Tensor, _ weight: String, _ bias: String, by product: MatrixProduct
  ) throws(ModelError) -> Tensor {
    let bias = try self(bias)
    return try layer(weight, x, LayerInputs(x)) { x, weight in x.linear(weight, bias, by: product) }
  }

  /// `linear` with `NAME.weight` and `NAME.bias`.
  func linear(_ x: Tensor, _ name: String, by product: MatrixProduct) throws(ModelError) -> Tensor {
    try linear(x, "\(name).weight", "\(name).bias", by: product)
  }

  /// x·P: x `[…, K]` → `[…, N]`.
  func projected(_ x: Tensor, _ name: String, by product: MatrixProduct) throws(ModelError) -> Tensor {
    try layer(name, x, LayerInputs(x)) { x, projection in x.projected(on: projection, by: product) }
  }

  /// Maps `[B, H, W, C]` → `[B, H, W, N]`.
  func convolved1x1(_ x: Tensor, _ weight: String, by product: MatrixProduct) throws(ModelError) -> Tensor {
    try layer(weight, x, LayerInputs(x)) { x, kernel in x.convolved1x1(kernel, by: product) }
  }

  /// Maps `[B, H, W, C]` → `[B, H / stride, W / stride, N]`, padding 1.
  func convolved3x3(
    _ x: Tensor, _ weight: String, stride: Int = 1, by product: MatrixProduct
  ) throws(ModelError) -> Tensor {
    try layer(weight, x, LayerInputs(maps: x, stride: stride)) { x, kernel in
      x.convolved3x3(kernel, stride: stride, by: product)
    }
  }

  /// Patches `[B, G², C·P·P]`, each in the order (channel, y, x) → `[B, G², N]`.
  func embedded(
    _ patches: Tensor, channels: Int, _ weight: String, by product: MatrixProduct
  ) throws(ModelError) -> Tensor {
    try layer(weight, patches, LayerInputs(patches: patches, channels: channels)) { patches, kernel in
      patches.linear(  // kernel [N, C, P, P]
        kernel.reshaped([kernel.shape[0], kernel.values.count / kernel.shape[0]]), by: product)
    }
  }

  /// Rows of a table: ids `[B][C]` → `[B, C, W]`.
  func lookedUp(_ ids: [[Int32]], in name: String) throws(ModelError) -> Tensor {
    let rows = try self.rows(ids.flatMap { $0.map(Int.init) }, of: name)  // [B·C, W]
    let x = rows.reshaped([ids.count, ids.first?.count ?? 0, rows.width])
    guard let variation else { return x }
    return try variation.run(name, x, x) { x, _ in x }
  }

  private func layer(
    _ name: String, _ x: Tensor, _ inputs: @autoclosure () -> LayerInputs,
    _ run: (_ x: Tensor, _ weight: Tensor) -> Tensor
  ) throws(ModelError) -> Tensor {
    observeInputs?(name, inputs())
    let weight = try self(name)
    guard let variation else { return run(x, weight) }
    return try variation.run(name, x, weight, run)
  }
}

// Tensors of different layers.
extension CanonicalWeights {
  /// x += y
  func add(_ y: Tensor, to x: inout Tensor) {
    x = complete(x)
    x.add(complete(y))
  }

  /// `x` for every copy of the items that runs.
  func complete(_ x: Tensor) -> Tensor { variation?.widened(x) ?? x }
}
