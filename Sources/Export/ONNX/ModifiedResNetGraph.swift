internal import Architecture

/// The image encoder ResNet. B images of S pixels a side, stem width w, E embedding dimensions; maps are `[B, C, H, W]`.
struct ModifiedResNetGraph {
  var tower: ModifiedResNet

  /// image `[B, 3, S, S]` → `[B, E]`
  func build(in builder: inout ONNXGraphBuilder) {
    let image = builder.input("image", .float, [3, tower.imageSize, tower.imageSize])
    var x = stem(image, &builder)  // [B, w, S/4, S/4]
    for stage in 0..<ModifiedResNet.Blocks.stageCount {
      for index in 0..<tower.blocks[stage] {
        x = bottleneck(
          x, "visual.layer\(stage + 1).\(index)", halves: stage > 0 && index == 0, hasShortcut: index == 0,
          &builder)
      }
    }
    let embedding = attentionPool(x, &builder)
    builder.finish(embedding, isEmbedding: true, width: tower.projection)
  }

  private func stem(_ image: String, _ builder: inout ONNXGraphBuilder) -> String {
    var x = convolution(image, "visual.conv1", "visual.bn1", size: 3, stride: 2, &builder)
    x = builder.add(.relu, [x], "visual.relu1")
    x = convolution(x, "visual.conv2", "visual.bn2", size: 3, &builder)
    x = builder.add(.relu, [x], "visual.relu2")
    x = convolution(x, "visual.conv3", "visual.bn3", size: 3, &builder)
    x = builder.add(.relu, [x], "visual.relu3")
    return averagePool(x, "visual.avgpool", &builder)
  }

  /// Strides are average pools before 1×1 convolutions, in the branch and in the shortcut.
  private func bottleneck(
    _ x: String, _ name: String, halves: Bool, hasShortcut: Bool, _ builder: inout ONNXGraphBuilder
  ) -> String {
    var branch = convolution(x, "\(name).conv1", "\(name).bn1", size: 1, &builder)
    branch = builder.add(.relu, [branch], "\(name).relu1")
    branch = convolution(branch, "\(name).conv2", "\(name).bn2", size: 3, &builder)
    branch = builder.add(.relu, [branch], "\(name).relu2")
    if halves { branch = averagePool(branch, "\(name).avgpool", &builder) }
    branch = convolution(branch, "\(name).conv3", "\(name).bn3", size: 1, &builder)
    var shortcut = x
    if hasShortcut {
      if halves { shortcut = averagePool(x, "\(name).downsample.avgpool", &builder) }
      shortcut = convolution(shortcut, "\(name).downsample.0", "\(name).downsample.1", size: 1, &builder)
    }
    return builder.add(.relu, [builder.add(.add, [branch, shortcut], "\(name).sum")], name)
  }

  /// A convolution without bias and its BatchNorm with running statistics.
  private func convolution(
    _ x: String, _ name: String, _ norm: String, size: Int, stride: Int = 1,
    _ builder: inout ONNXGraphBuilder
  ) -> String {
    let convolved = builder.add(
      .conv, [x, builder.parameter("\(name).weight")], name,
      [
        .integers("kernel_shape", [size, size]), .integers("strides", [stride, stride]),
        .integers("pads", [Int](repeating: size / 2, count: 4)),
      ])
    let parts = ["weight", "bias", "running_mean", "running_var"].map { builder.parameter("\(norm).\($0)") }
    return builder.add(.batchNormalization, [convolved] + parts, norm, [.float("epsilon", tower.epsilon)])
  }

  private func averagePool(_ x: String, _ name: String, _ builder: inout ONNXGraphBuilder) -> String {
    builder.add(
      .averagePool, [x], name, [.integers("kernel_shape", [2, 2]), .integers("strides", [2, 2])])
  }

  /// `AttentionPool2d`: the mean of all positions asks, the mean and all positions answer. x `[B, C, G, G]` → `[B, E]`
  private func attentionPool(_ x: String, _ builder: inout ONNXGraphBuilder) -> String {
    let name = "visual.attnpool"
    let (width, count) = (tower.attentionPoolWidth, tower.tokenCount)
    let flat = builder.add(.reshape, [x, builder.integers([0, width, -1])], "\(name).flat")
    // [B, G², C]
    let positions = builder.add(.transpose, [flat], "\(name).positions", [.integers("perm", [0, 2, 1])])
    let mean = builder.add(
      .reduceMean, [positions], "\(name).mean", [.integers("axes", [1]), .integer("keepdims", 1)])
    // [B, N, C], N = 1 + G²
    let tokens = builder.add(.concat, [mean, positions], "\(name).tokens", [.integer("axis", 1)])
    let placed = builder.add(
      .add, [tokens, builder.parameter("\(name).positional_embedding")], "\(name).placed")
    let first = builder.add(.gather, [placed, builder.index(0)], "\(name).first", [.integer("axis", 1)])
    let all = builder.add(.reshape, [placed, builder.integers([-1, width])], "\(name).all")  // [B·N, C]
    let attention = AttentionGraph(
      name: name, heads: tower.heads, headSize: width / tower.heads, queryCount: 1, keyCount: count)
    let pooled = attention.apply(  // [B, C]
      q: builder.linear(first, "\(name).q_proj"), k: builder.linear(all, "\(name).k_proj"),
      v: builder.linear(all, "\(name).v_proj"), mask: nil, in: &builder)
    return builder.linear(pooled, "\(name).c_proj")
  }
}
