internal import Architecture

/// A Vision Transformer up to its pool. B images of S pixels per side, patches of P, grid G, N tokens, W channels.
struct PatchTrunkGraph {
  var trunk: PatchTrunk
  var imageSize: Int

  /// image `[B, 3, S, S]` → `[B, N, W]`
  func apply(to image: String, in builder: inout ONNXGraphBuilder) -> String {
    let tokens = tokens(of: image, &builder)  // [B, N, W]
    let (width, count) = (trunk.stack.width, trunk.tokenCount(imageSize: imageSize))
    let placed = builder.add(
      .add, [tokens, builder.parameter("visual.positional_embedding")], "visual.placed")
    let normed =
      trunk.hasPreNorm ? builder.layerNorm(placed, "visual.ln_pre", epsilon: trunk.stack.epsilon) : placed
    let stream = builder.add(.reshape, [normed, builder.integers([-1, width])], "visual.stream")  // [B·N, W]
    let transformer = TransformerGraph(stack: trunk.stack, name: "visual.transformer", tokenCount: count)
    return builder.add(  // [B, N, W]
      .reshape, [transformer.apply(to: stream, in: &builder), builder.integers([-1, count, width])],
      "visual.encoded")
  }

  /// The class token, if there is one, and the patches, `[B, N, W]`.
  private func tokens(of image: String, _ builder: inout ONNXGraphBuilder) -> String {
    let (width, grid) = (trunk.stack.width, trunk.gridSize(imageSize: imageSize))
    let patch = [trunk.patchSize, trunk.patchSize]
    let bias = trunk.hasPatchBias ? [builder.parameter("visual.conv1.bias")] : []
    let embedded = builder.add(  // [B, W, G, G]
      .conv, [image, builder.parameter("visual.conv1.weight")] + bias, "visual.conv1",
      [.integers("kernel_shape", patch), .integers("strides", patch)])
    let flat = builder.add(
      .reshape, [embedded, builder.integers([0, width, grid * grid])], "visual.flat")
    let patches = builder.add(
      .transpose, [flat], "visual.patches", [.integers("perm", [0, 2, 1])])  // [B, G², W]
    guard trunk.prefix == .classToken else { return patches }
    let batch = builder.add(.shape, [image], "visual.batch", [.integer("start", 0), .integer("end", 1)])
    let shape = builder.add(
      .concat, [batch, builder.integers([1, width])], "visual.class_shape", [.integer("axis", 0)])
    let first = builder.add(  // [B, 1, W]
      .expand, [builder.parameter("visual.class_embedding"), shape], "visual.class_token")
    return builder.add(.concat, [first, patches], "visual.tokens", [.integer("axis", 1)])
  }
}
